namespace Ops.Runtime.Scheduling;

/// <summary>How the requests of one loaded model are run together.</summary>
internal sealed record BatchPolicy
{
    /// <summary>Whether the first dimension of every input and output is open, so that it can count rows.</summary>
    public bool HasRows { get; init; }

    /// <summary>Most rows of one merged run; 1 when nothing is merged. A single request may have more: it runs alone.</summary>
    public int MaxBatchSize { get; init; } = 1;

    /// <summary>Sizes to aim for, ascending; empty: as many rows as there are.</summary>
    public int[] PreferredBatchSizes { get; init; } = [];

    /// <summary>How long a request may wait for company although a run is free.</summary>
    public TimeSpan MaxQueueDelay { get; init; }

    /// <summary>Why it is so, in plain words, for the model's metadata.</summary>
    public required string Reason { get; init; }

    /// <summary>Whether requests are merged.</summary>
    public bool IsOn => MaxBatchSize > 1;

    /// <summary>Merges nothing.</summary>
    /// <param name="reason">Why, in plain words.</param>
    /// <param name="hasRows">Whether requests still count by their rows.</param>
    public static BatchPolicy Off(string reason, bool hasRows = false) => new() { Reason = reason, HasRows = hasRows };
}
