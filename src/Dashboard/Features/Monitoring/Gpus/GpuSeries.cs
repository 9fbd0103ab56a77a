using System.Collections.Concurrent;

namespace Ops.Dashboard.Features.Monitoring.Gpus;

/// <summary>A GPU at one moment. NaN where it cannot be read.</summary>
/// <param name="At">Seconds since 1970.</param>
/// <param name="Utilization">Share of the time in which a kernel ran, 0 to 1.</param>
/// <param name="MemoryUsedBytes">Memory in use.</param>
internal readonly record struct GpuPoint(double At, float Utilization, double MemoryUsedBytes)
{
    /// <summary>A moment about which nothing is known.</summary>
    public static GpuPoint Gap(double at) => new(at, float.NaN, double.NaN);
}

/// <summary>The last hour of one GPU.</summary>
internal sealed class GpuTrack(string node, string name, long? memoryBytes, int capacity)
{
    private readonly Lock gate = new();
    private readonly Queue<GpuPoint> points = new();

    /// <summary>The machine it is in.</summary>
    public string Node => node;

    /// <summary>What charts call it: its position and product.</summary>
    public string Name => name;

    /// <summary>All its memory in bytes, or null.</summary>
    public long? MemoryBytes => memoryBytes;

    /// <summary>Adds a point.</summary>
    public void Add(GpuPoint point)
    {
        lock (gate)
        {
            points.Enqueue(point);
            while (points.Count > capacity)
            {
                points.Dequeue();
            }
        }
    }

    /// <summary>Points later than a moment, oldest first.</summary>
    /// <param name="after">Seconds since 1970.</param>
    public GpuPoint[] After(double after)
    {
        lock (gate)
        {
            return [.. points.Where(p => p.At > after)];
        }
    }
}

/// <summary>The GPUs of all machines that can be read, an hour back.</summary>
internal sealed class GpuSeries
{
    private readonly ConcurrentDictionary<string, GpuTrack> tracks = new(StringComparer.Ordinal);

    /// <summary>Why there are none, as the reader said it; null while there are some or nothing was read yet.</summary>
    public string? Note { get; set; }

    /// <summary>The GPUs of a node, in the order of the machine.</summary>
    public IReadOnlyList<GpuTrack> Of(string node) => [.. tracks.Where(t => t.Value.Node == node).OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => t.Value)];

    /// <summary>The series of a GPU; made with the first reading.</summary>
    public GpuTrack For(string id, Func<GpuTrack> make) => tracks.GetOrAdd(id, _ => make());
}
