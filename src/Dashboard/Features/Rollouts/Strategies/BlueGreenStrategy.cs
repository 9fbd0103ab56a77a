using Ops.Dashboard.Features.Rollouts.Plans;

namespace Ops.Dashboard.Features.Rollouts.Strategies;

/// <summary>Brings up a whole second set that only its preview address reaches, switches all requests over at once, and keeps the old set for a while.</summary>
internal sealed class BlueGreenStrategy : SteppedStrategy
{
    /// <inheritdoc/>
    public override string Name => "blue-green";

    /// <inheritdoc/>
    public override string Description => "Brings up a whole second set, tried out at a preview address, then switches all requests at once. The old set stays ready for a time.";

    /// <inheritdoc/>
    protected override int ReplicasIn(StrategyInput input) => Math.Max(1, input.To.Replicas);

    /// <inheritdoc/>
    protected override string Title(StrategyInput input) => "Preview";

    /// <inheritdoc/>
    protected override Step During(StrategyInput input, IReadOnlyDictionary<Guid, int> replicas) => new()
    {
        Replicas = replicas,
        Serving = new HashSet<Guid>(Olds(input)),
        Weights = Only(input),
        Preview = input.To.Id,
        Status = "",
    };

    /// <inheritdoc/>
    protected override Step Finish(StrategyInput input)
    {
        var isWhole = input.Ready(input.To) >= input.To.Replicas;
        var isSwitched = input.TimeInStep is not null;
        var keep = TimeSpan.FromSeconds(input.Strategy.KeepOldSeconds);
        var mayGo = isSwitched && isWhole && input.TimeInStep >= keep && !input.IsPaused;
        Dictionary<Guid, int> replicas = mayGo ? new() { [input.To.Id] = input.To.Replicas } : Beside(input, Math.Max(1, input.To.Replicas));

        // Once switched it stays so while any of the new set answers; the old one takes over only when none does.
        var serves = isSwitched ? input.Ready(input.To) > 0 : isWhole;
        return new()
        {
            Replicas = replicas,
            Serving = serves ? new HashSet<Guid> { input.To.Id } : new HashSet<Guid>(Olds(input)),
            Preview = serves ? null : input.To.Id,
            IsReached = isWhole || isSwitched,
            IsWaiting = isWhole && !mayGo,
            Status = !serves ? $"{input.Ready(input.To)} of {Sentences.Replicas(input.To.Replicas)} of {input.To.Name} ready for the switch."
                : mayGo ? Sentences.Progress(input, isWhole)
                : $"{Sentences.Paused(input)}All requests go to {input.To.Name}; the old replicas stay for {GateWords.Seconds(input.Strategy.KeepOldSeconds)}.",
            IsDone = mayGo && input.PresentOthers == 0 && input.Present(input.To) == input.To.Replicas,
        };
    }
}
