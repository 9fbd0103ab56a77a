namespace Ops.Dashboard.Features.Rollouts.Strategies;

/// <summary>Stops everything old, waits until it is gone, then starts the new: for what cannot run twice at the same time. The endpoint answers nothing in between.</summary>
internal sealed class RecreateStrategy : IStrategy
{
    /// <inheritdoc/>
    public string Name => "recreate";

    /// <inheritdoc/>
    public string Description => "Stops all old replicas first, then starts the new ones. The endpoint answers nothing in between.";

    /// <inheritdoc/>
    public Step Next(StrategyInput input)
    {
        var isComplete = input.Ready(input.To) >= input.To.Replicas;
        Dictionary<Guid, int> replicas = [];
        if (input.IsPaused && input.PresentOthers > 0)
        {
            foreach (var plan in input.Olds.Append(input.To).Where(p => input.Running(p) > 0))
            {
                replicas[plan.Id] = input.Running(plan);
            }
        }
        else if (input.PresentOthers == 0 && input.To.Replicas > 0)
        {
            // Also while paused: nothing else runs any more, and an endpoint without replicas helps nobody.
            replicas[input.To.Id] = input.To.Replicas;
        }

        return new()
        {
            Replicas = replicas,
            Serving = new HashSet<Guid>(replicas.Keys),
            Status = Sentences.Progress(input, isComplete),
            IsDone = isComplete && input.PresentOthers == 0 && input.Present(input.To) == input.To.Replicas && !input.IsPaused,
        };
    }
}
