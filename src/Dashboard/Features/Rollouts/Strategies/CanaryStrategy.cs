namespace Ops.Dashboard.Features.Rollouts.Strategies;

/// <summary>Gives the new revision a growing share of the requests, with as many replicas as the share needs; the old one stays whole until the last step is over.</summary>
internal sealed class CanaryStrategy : SteppedStrategy
{
    /// <inheritdoc/>
    public override string Name => "canary";

    /// <inheritdoc/>
    public override string Description => "Gives the new version a growing share of the requests and goes on only while its gates hold. The old version stays whole until the end.";

    /// <inheritdoc/>
    protected override int ReplicasIn(StrategyInput input) => Replicas(input.To.Replicas, input.Strategy.Steps[input.StepIndex].Weight);

    /// <summary>How many of so many replicas a share needs, 1 or more.</summary>
    public static int Replicas(int planned, int weight) => Math.Clamp((int)Math.Ceiling(planned * weight / 100.0), 1, Math.Max(1, planned));

    /// <inheritdoc/>
    protected override string Title(StrategyInput input) => $"Canary at {input.Strategy.Steps[input.StepIndex].Weight} %";

    /// <inheritdoc/>
    protected override Step During(StrategyInput input, IReadOnlyDictionary<Guid, int> replicas) => new()
    {
        Replicas = replicas,
        Serving = new HashSet<Guid>([.. Olds(input), input.To.Id]),
        Weights = Weights(input, input.StepIndex),
        Status = "",
    };

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<Guid, int> Weights(StrategyInput input, int step)
    {
        var weight = input.Strategy.Steps[step].Weight;
        var rest = 100 - weight;

        // What an earlier rollout left behind shares with the stable plan by what is ready: beside it, it must not make the canary's share smaller.
        var ready = OldPlans(input).ToDictionary(p => p.Id, input.Ready);
        var all = ready.Values.Sum();
        var weights = ready.ToDictionary(pair => pair.Key, pair => all == 0 ? 0 : rest * pair.Value / all);
        if (weights.Count > 0)
        {
            var most = ready.OrderByDescending(pair => pair.Value).ThenByDescending(pair => pair.Key == input.Stable?.Id).First().Key;
            weights[most] += rest - weights.Values.Sum();
        }

        weights[input.To.Id] = weight;
        return weights;
    }

    /// <inheritdoc/>
    protected override Step Finish(StrategyInput input)
    {
        // The rest of the replicas comes beside the old ones: those still answer the last step's share, and fewer of them could not.
        var ready = input.Ready(input.To);
        if (input.TimeInStep is not null || ready >= input.To.Replicas || input.Strategy.Steps.Count == 0)
        {
            return Roll(input) with { IsReached = true };
        }

        return new()
        {
            Replicas = Beside(input, input.To.Replicas),
            Serving = new HashSet<Guid>([.. Olds(input), input.To.Id]),
            Weights = Weights(input, input.Strategy.Steps.Count - 1),
            Status = $"{Sentences.Paused(input)}All steps are done; {ready} of {Sentences.Replicas(input.To.Replicas)} of {input.To.Name} ready.",
        };
    }
}
