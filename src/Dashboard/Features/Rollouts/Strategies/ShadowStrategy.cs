namespace Ops.Dashboard.Features.Rollouts.Strategies;

/// <summary>Sends the new revision a copy of a share of the requests, whose answers nobody gets, and replaces the old one once its gates held.</summary>
internal sealed class ShadowStrategy : SteppedStrategy
{
    /// <inheritdoc/>
    public override string Name => "shadow";

    /// <inheritdoc/>
    public override string Description => "Sends the new version a copy of a share of the requests and throws its answers away. When its gates held, it replaces the old one.";

    /// <inheritdoc/>
    protected override int ReplicasIn(StrategyInput input) => Math.Max(1, input.To.Replicas);

    /// <inheritdoc/>
    protected override string Title(StrategyInput input) => $"Shadow with a copy of {input.Strategy.Steps[input.StepIndex].Weight} %";

    /// <inheritdoc/>
    protected override Step During(StrategyInput input, IReadOnlyDictionary<Guid, int> replicas) => new()
    {
        Replicas = replicas,
        Serving = new HashSet<Guid>(Olds(input)),
        Weights = Only(input),
        Shadow = (input.To.Id, input.Strategy.Steps[input.StepIndex].Weight),
        Status = "",
    };

    /// <inheritdoc/>
    protected override Step Finish(StrategyInput input) => Roll(input);
}
