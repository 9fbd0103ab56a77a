using System.Collections.Concurrent;

namespace Ops.Runtime.Monitoring;

/// <summary>What is counted about one version. Written by requests, read by scrapes.</summary>
internal sealed class ModelMetrics(string model, string version)
{
    private readonly ConcurrentDictionary<int, StrongCounter> byCode = new([new(200, new StrongCounter())]);
    private long failures;
    private int inFlight;
    private Func<int> waiting = () => 0;
    private long rows;
    private long runs;
    private long mergeTicks;

    /// <summary>Name of the model; empty for requests to models that are not served.</summary>
    public string Model { get; } = model;

    /// <summary>Version of the model; empty for requests to models that are not served.</summary>
    public string Version { get; } = version;

    /// <summary>Whole inference requests, from the first byte of the head to the last of the answer.</summary>
    public Histogram RequestDuration { get; } = new();

    /// <summary>Waiting for a turn; only of requests that got one.</summary>
    public Histogram QueueDuration { get; } = new();

    /// <summary>Running in the engine; only of requests that ran.</summary>
    public Histogram RunDuration { get; } = new();

    /// <summary>Rows of each run in the engine.</summary>
    public Histogram BatchSize { get; } = new(Histogram.Sizes);

    /// <summary>Fetching, verifying and loading; 0 until it is done.</summary>
    public double LoadSeconds { get; set; }

    /// <summary>Running with zeros before it was ready, part of <see cref="LoadSeconds"/>; 0 without.</summary>
    public double WarmUpSeconds { get; set; }

    /// <summary>CPU threads that one run computes on; 0 until it is loaded.</summary>
    public int RunThreads { get; set; }

    /// <summary>Where it runs, best first; empty until it is loaded.</summary>
    public IReadOnlyList<string> Providers { get; set; } = [];

    /// <summary>Where the configuration wants it to run; null when it does not say.</summary>
    public string? WantedProvider { get; set; }

    /// <summary>Requests that were answered 500 or above.</summary>
    public long Failures => Interlocked.Read(ref failures);

    /// <summary>Requests being answered.</summary>
    public int InFlight => Volatile.Read(ref inFlight);

    /// <summary>Requests waiting for a turn.</summary>
    public int Waiting => waiting();

    /// <summary>Rows that were run: a request with a batch of its own counts as many.</summary>
    public long Rows => Interlocked.Read(ref rows);

    /// <summary>Runs in the engine that succeeded.</summary>
    public long Runs => Interlocked.Read(ref runs);

    /// <summary>What requests spent on being copied together, each the time of all.</summary>
    public TimeSpan MergeDuration => TimeSpan.FromTicks(Interlocked.Read(ref mergeTicks));

    /// <summary>How many requests ended with each status.</summary>
    public IEnumerable<(int Code, long Count)> Requests =>
        byCode.OrderBy(p => p.Key).Select(p => (p.Key, Interlocked.Read(ref p.Value.Value)));

    /// <summary>Takes the length of the queue from where the requests wait.</summary>
    public void WatchQueue(Func<int> length) => waiting = length;

    public void Enter() => Interlocked.Increment(ref inFlight);

    /// <summary>Counts one finished request.</summary>
    /// <param name="code">The status it was answered with; 499 when the client went away.</param>
    /// <param name="duration">How long it took.</param>
    public void Leave(int code, TimeSpan duration)
    {
        Interlocked.Decrement(ref inFlight);
        Interlocked.Increment(ref byCode.GetOrAdd(code, _ => new StrongCounter()).Value);
        RequestDuration.Observe(duration);
        if (code >= 500)
        {
            Interlocked.Increment(ref failures);
        }
    }

    /// <summary>Counts one run that succeeded.</summary>
    /// <param name="size">Its rows.</param>
    public void CountRun(long size)
    {
        Interlocked.Increment(ref runs);
        Interlocked.Add(ref rows, size);
        BatchSize.Observe(size);
    }

    /// <summary>Counts the merging before one run.</summary>
    public void CountMerge(TimeSpan duration, int requests) => Interlocked.Add(ref mergeTicks, duration.Ticks * requests);

    private sealed class StrongCounter
    {
        public long Value;
    }
}
