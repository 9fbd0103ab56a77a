namespace Ops.Runtime.Scheduling;

/// <summary>Whether requests of one model are run together.</summary>
internal enum BatchingMode
{
    /// <summary>When a trial at loading shows that the model allows it and gains from it.</summary>
    Auto,

    /// <summary>When a trial at loading shows that the model allows it.</summary>
    On,

    /// <summary>Never.</summary>
    Off,
}

/// <summary>How requests of one model are run together: configuration section <c>Models:n:Batching</c>.</summary>
internal sealed class BatchingOptions
{
    /// <summary>Whether.</summary>
    public BatchingMode Enabled { get; set; }

    /// <summary>Most rows of one merged run; 0 takes what the trial at loading found best.</summary>
    public int MaxBatchSize { get; set; }

    /// <summary>Sizes that runs should have: the largest that can be filled is taken. Empty: as many rows as there are.</summary>
    public List<int> PreferredBatchSizes { get; set; } = [];

    /// <summary>How long a request may wait for company although a run is free. Rounded up to whole milliseconds, since
    /// that is what the clock can do. 0: never; only requests that wait anyway are merged.</summary>
    public int MaxQueueDelayMicroseconds { get; set; }
}

/// <summary>How requests of one model wait: configuration section <c>Models:n:Queue</c>.</summary>
internal sealed class QueueOptions
{
    /// <summary>Requests that may wait for a run; 0 takes the process's <c>QueueLimit</c>.</summary>
    public int Limit { get; set; }

    /// <summary>How many levels of urgency there are; 1 is the most urgent.</summary>
    public int PriorityLevels { get; set; } = 3;

    /// <summary>Level of requests that name none; 0 takes the middle one.</summary>
    public int DefaultPriority { get; set; }

    /// <summary>How long a request waits that does not say how long it may; 0: as long as it takes.</summary>
    public int DefaultTimeoutMilliseconds { get; set; }

    /// <summary>Longest that any request waits, whatever it says; 0: as long as it takes.</summary>
    public int MaxTimeoutMilliseconds { get; set; }

    /// <summary><see cref="DefaultPriority"/> with 0 resolved.</summary>
    public int EffectiveDefaultPriority => DefaultPriority > 0 ? DefaultPriority : (PriorityLevels + 1) / 2;
}
