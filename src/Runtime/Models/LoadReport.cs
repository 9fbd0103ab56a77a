using Ops.Runtime.Lifecycle;

namespace Ops.Runtime.Models;

/// <summary>Says how far the loading of the configured versions is: to the run folder at once, and to the log at each step and at most once a second within one.</summary>
internal sealed class LoadReport(RuntimeState state, TimeProvider time, ILogger<LoadReport> log)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private string? logged;
    private long loggedAt;

    /// <summary>Takes bytes of files that were verified; below zero when some have to be fetched anew.</summary>
    public void AddVerified(ServedModel model, long bytes)
    {
        state.AddFetched(bytes);
        Say(model, LoadSteps.Files);
    }

    /// <summary>A step begins, or has got further.</summary>
    /// <param name="model">Of which version.</param>
    /// <param name="step">One of <see cref="LoadSteps"/>.</param>
    /// <param name="done">How much of it is done.</param>
    /// <param name="total">How much there is; 0 when nobody knows.</param>
    public void Say(ServedModel model, string step, int done = 0, int total = 0)
    {
        state.EnterStep(new(step, done, total));
        if (logged == step && time.GetElapsedTime(loggedAt) < Every)
        {
            return;
        }

        (logged, loggedAt) = (step, time.GetTimestamp());
        var snapshot = state.Snapshot;
        log.LoadGetsFurther(model.Name, model.Version, step, step == LoadSteps.Files ? snapshot.BytesFetched : done, step == LoadSteps.Files ? snapshot.BytesTotal : total);
    }
}
