using System.Collections.Concurrent;
using Ops.Dashboard.Features.Monitoring.Series;

namespace Ops.Dashboard.Features.Monitoring.Fleet;

/// <summary>The small curves of tiles. Each is drawn anew only when ten more seconds have passed, once for everybody who watches.</summary>
internal sealed class SparkCache(MetricStore store)
{
    /// <summary>Seconds that one value stands for.</summary>
    public const int Step = 10;

    /// <summary>Values of a curve: five minutes.</summary>
    public const int Count = 30;

    private readonly ConcurrentDictionary<Guid, (long Bucket, IReadOnlyList<double?> Values)> curves = new();

    /// <summary>The curve of an endpoint up to the last full ten seconds.</summary>
    public IReadOnlyList<double?> For(Guid endpointId, DateTimeOffset now)
    {
        var bucket = now.ToUnixTimeSeconds() / Step;
        if (!curves.TryGetValue(endpointId, out var known) || known.Bucket != bucket)
        {
            known = (bucket, Draw(store.For(endpointId).Total.After(((bucket - Count) * Step) - 1), bucket));
            curves[endpointId] = known;
        }

        return known.Values;
    }

    /// <summary>Forgets endpoints that are gone.</summary>
    public void Keep(IReadOnlySet<Guid> present)
    {
        foreach (var gone in curves.Keys.Where(id => !present.Contains(id)))
        {
            curves.TryRemove(gone, out _);
        }
    }

    /// <summary>The worst 95th percentile of each ten seconds; an average would hide what the curve is there to show.</summary>
    internal static IReadOnlyList<double?> Draw(IEnumerable<MetricPoint> points, long endBucket)
    {
        var values = new double?[Count];
        foreach (var point in points)
        {
            var index = (long)Math.Floor(point.At / Step) - (endBucket - Count);
            if (index is >= 0 and < Count && !float.IsNaN(point.P95) && !(values[index] >= point.P95))
            {
                values[index] = point.P95;
            }
        }

        return values;
    }
}
