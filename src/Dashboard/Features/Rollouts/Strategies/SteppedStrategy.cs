namespace Ops.Dashboard.Features.Rollouts.Strategies;

/// <summary>
/// Brings the new revision up beside the old one, which stays whole, and asks step by step whether to go on. What differs is how many new
/// replicas a step needs, what requests they get in it, and how the end goes. Without anything that ran before there is nothing to compare with
/// and nobody to protect, so the steps are left out. What ran before stays whole even while none of it answers: an outage promotes nobody.
/// </summary>
internal abstract class SteppedStrategy : IStrategy
{
    private static readonly RollingStrategy Rolling = new();

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract string Description { get; }

    /// <inheritdoc/>
    public Step Next(StrategyInput input)
    {
        var steps = input.Strategy.Steps.Count;
        if (input.Stable is null)
        {
            return Rolling.Next(input) with { StepIndex = steps };
        }

        if (input.StepIndex >= steps)
        {
            return Finish(input) with { StepIndex = steps };
        }

        var wanted = ReplicasIn(input);
        var ready = input.Ready(input.To);
        var isReached = input.TimeInStep is not null || ready >= wanted;
        var replicas = Beside(input, wanted);
        if (!isReached)
        {
            return new()
            {
                Replicas = replicas,
                Serving = Serving(input, replicas),
                Weights = input.StepIndex == 0 ? Only(input) : Weights(input, input.StepIndex - 1),
                StepIndex = input.StepIndex,
                Status = $"{Sentences.Paused(input)}{Title(input)}: {ready} of {Sentences.Replicas(wanted)} of {input.To.Name} ready.",
            };
        }

        var look = StepMachine.Look(input);
        var during = During(input, replicas);
        if (look.Failure is { } failure)
        {
            return during with { Weights = Only(input), Shadow = null, StepIndex = input.StepIndex, IsReached = true, Failure = failure, Status = $"{Title(input)}: {failure}" };
        }

        return during with
        {
            StepIndex = look.IsOver && !input.IsPaused ? input.StepIndex + 1 : input.StepIndex,
            IsReached = true,
            IsWaiting = true,
            Status = $"{Sentences.Paused(input)}{Title(input)}{(look.Waits.Length > 0 ? $"; {look.Waits.TrimEnd('.')}" : "")}.",
        };
    }

    /// <summary>How many new replicas the step at hand needs, 1 or more.</summary>
    protected abstract int ReplicasIn(StrategyInput input);

    /// <summary>What the step at hand is called, such as <c>Canary at 10 %</c>.</summary>
    protected abstract string Title(StrategyInput input);

    /// <summary>What requests the new revision gets while the step at hand lasts.</summary>
    /// <param name="input">The input.</param>
    /// <param name="replicas">What runs.</param>
    protected abstract Step During(StrategyInput input, IReadOnlyDictionary<Guid, int> replicas);

    /// <summary>What is left when all steps are behind it.</summary>
    protected abstract Step Finish(StrategyInput input);

    /// <summary>The weights in a step before; all for what ran before unless the strategy splits.</summary>
    protected virtual IReadOnlyDictionary<Guid, int> Weights(StrategyInput input, int step) => Only(input);

    /// <summary>Replaces old replicas by new ones a few at a time.</summary>
    protected static Step Roll(StrategyInput input) => Rolling.Next(input);

    /// <summary>Every request for what ran before.</summary>
    protected static Dictionary<Guid, int> Only(StrategyInput input) => Olds(input).ToDictionary(id => id, _ => 100);

    /// <summary>What ran before and is there.</summary>
    protected static IEnumerable<Guid> Olds(StrategyInput input) => OldPlans(input).Select(p => p.Id);

    /// <summary>As <see cref="Olds"/>, whole.</summary>
    protected static IEnumerable<PlanCount> OldPlans(StrategyInput input) => input.Olds.Where(p => input.Present(p) > 0 || p == input.Stable);

    /// <summary>The old revision whole and so many new replicas beside it.</summary>
    protected static Dictionary<Guid, int> Beside(StrategyInput input, int wanted)
    {
        // The stable plan is whole, whatever became of its replicas; others help out as far as it is not.
        var stable = input.Stable!;
        Dictionary<Guid, int> replicas = new() { [stable.Id] = stable.Replicas };
        var missing = RollingStrategy.Before(input) - input.Ready(stable);
        foreach (var leftover in input.Leftovers)
        {
            replicas[leftover.Id] = Math.Clamp(missing, 0, input.Useful(leftover));
            missing -= replicas[leftover.Id];
        }

        replicas[input.To.Id] = input.IsPaused ? Math.Min(input.Running(input.To), input.To.Replicas) : wanted;
        return replicas.Where(pair => pair.Value > 0).ToDictionary();
    }

    private static HashSet<Guid> Serving(StrategyInput input, Dictionary<Guid, int> replicas) =>
        input.StepIndex == 0 ? [.. Olds(input)] : [.. replicas.Keys, .. Olds(input)];
}
