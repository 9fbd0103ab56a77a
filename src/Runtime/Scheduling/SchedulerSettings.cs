namespace Ops.Runtime.Scheduling;

/// <summary>How a model's requests are let run.</summary>
/// <param name="Instances">Runs at the same time.</param>
/// <param name="QueueLimit">Requests that may wait.</param>
/// <param name="Queue">How they wait.</param>
internal sealed record SchedulerSettings(int Instances, int QueueLimit, QueueOptions Queue)
{
    /// <summary>What is beyond this is as good as forever, and cannot overflow a timestamp.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>The level of urgency that a request gets, from 0. A priority that does not exist counts as none, as in
    /// Triton.</summary>
    /// <param name="priority">What it asked for, from 1; 0 for nothing.</param>
    public int Level(uint priority) =>
        (priority == 0 || priority > Queue.PriorityLevels ? Queue.EffectiveDefaultPriority : (int)priority) - 1;

    /// <summary>How long a request waits; null for as long as it takes.</summary>
    /// <param name="asked">What it asked for; null or 0 for nothing.</param>
    public TimeSpan? Patience(TimeSpan? asked)
    {
        var patience = asked > TimeSpan.Zero ? asked.Value : TimeSpan.FromMilliseconds(Queue.DefaultTimeoutMilliseconds);
        var most = TimeSpan.FromMilliseconds(Queue.MaxTimeoutMilliseconds);
        if (most > TimeSpan.Zero && (patience == TimeSpan.Zero || patience > most))
        {
            patience = most;
        }

        return patience == TimeSpan.Zero || patience > Longest ? null : patience;
    }
}
