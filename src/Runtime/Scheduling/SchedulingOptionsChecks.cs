using Ops.Runtime.Configuration;

namespace Ops.Runtime.Scheduling;

/// <summary>Finds what is wrong with the scheduling options of a model.</summary>
internal static class SchedulingOptionsChecks
{
    /// <summary>Most rows that a merged run may be given.</summary>
    public const int MaxBatchSize = 4096;

    private const int MaxMilliseconds = 3_600_000;

    /// <returns>One entry per failure, with its key below the model's.</returns>
    public static IEnumerable<(string Key, string Reason)> Failures(ModelOptions model)
    {
        foreach (var (key, value, least, most) in Ranges(model))
        {
            if (value < least || value > most)
            {
                yield return (key, $"must be from {least} to {most}.");
            }
        }

        if (!Enum.IsDefined(model.Batching.Enabled))
        {
            yield return ("Batching:Enabled", "must be auto, on or off.");
        }

        var largest = model.Batching.MaxBatchSize > 0 ? model.Batching.MaxBatchSize : MaxBatchSize;
        if (model.Batching.PreferredBatchSizes.Exists(size => size < 2 || size > largest))
        {
            yield return ("Batching:PreferredBatchSizes", $"must hold numbers from 2 to {largest}.");
        }
    }

    private static IEnumerable<(string Key, int Value, int Least, int Most)> Ranges(ModelOptions model) =>
    [
        ("Instances", model.Instances, 0, 1024),
        ("Batching:MaxBatchSize", model.Batching.MaxBatchSize, 0, MaxBatchSize),
        ("Batching:MaxQueueDelayMicroseconds", model.Batching.MaxQueueDelayMicroseconds, 0, 60_000_000),
        ("Queue:Limit", model.Queue.Limit, 0, 100_000),
        ("Queue:PriorityLevels", model.Queue.PriorityLevels, 1, 100),
        ("Queue:DefaultPriority", model.Queue.DefaultPriority, 0, Math.Max(model.Queue.PriorityLevels, 0)),
        ("Queue:DefaultTimeoutMilliseconds", model.Queue.DefaultTimeoutMilliseconds, 0, MaxMilliseconds),
        ("Queue:MaxTimeoutMilliseconds", model.Queue.MaxTimeoutMilliseconds, 0, MaxMilliseconds),
    ];
}
