using System.Collections.Concurrent;

namespace Ops.Dashboard.Features.Serving;

/// <summary>What the router counted of each endpoint since it started. Counters only grow; readers take differences.</summary>
internal sealed class ServingStatistics
{
    private readonly ConcurrentDictionary<Guid, EndpointCounters> endpoints = new();

    /// <summary>The counters of an endpoint; made when first asked for.</summary>
    public EndpointCounters For(Guid endpointId) => endpoints.GetOrAdd(endpointId, _ => new());

    /// <summary>All counters.</summary>
    public IReadOnlyCollection<KeyValuePair<Guid, EndpointCounters>> All => [.. endpoints];
}

/// <summary>Counters of one endpoint, safe to raise from many threads.</summary>
internal sealed class EndpointCounters
{
    /// <summary>Upper bounds of the latency buckets in seconds, 100 us to 10 s; one more bucket holds what took longer.</summary>
    public static readonly double[] Bounds =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly long[] buckets = new long[Bounds.Length + 1];
    private long requests;
    private long clientErrors;
    private long serverErrors;
    private long retries;
    private int inFlight;

    /// <summary>Requests answered, whatever the answer.</summary>
    public long Requests => Volatile.Read(ref requests);

    /// <summary>Answers 400 to 499.</summary>
    public long ClientErrors => Volatile.Read(ref clientErrors);

    /// <summary>Answers 500 to 599, and replies that broke off.</summary>
    public long ServerErrors => Volatile.Read(ref serverErrors);

    /// <summary>Requests sent to a second replica because the first refused the connection.</summary>
    public long Retries => Volatile.Read(ref retries);

    /// <summary>Requests under way.</summary>
    public int InFlight => Volatile.Read(ref inFlight);

    /// <summary>A copy of the latency buckets, not cumulative.</summary>
    public long[] Buckets()
    {
        var copy = new long[buckets.Length];
        for (var i = 0; i < copy.Length; i++)
        {
            copy[i] = Volatile.Read(ref buckets[i]);
        }

        return copy;
    }

    internal void Begin() => Interlocked.Increment(ref inFlight);

    internal void Retried() => Interlocked.Increment(ref retries);

    internal void End(int status, TimeSpan elapsed)
    {
        Interlocked.Decrement(ref inFlight);
        Interlocked.Increment(ref requests);
        if (status >= 500)
        {
            Interlocked.Increment(ref serverErrors);
        }
        else if (status >= 400)
        {
            Interlocked.Increment(ref clientErrors);
        }

        var bucket = Array.BinarySearch(Bounds, elapsed.TotalSeconds);
        Interlocked.Increment(ref buckets[bucket < 0 ? ~bucket : bucket]);
    }
}
