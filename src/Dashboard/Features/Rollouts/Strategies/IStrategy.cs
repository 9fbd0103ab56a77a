namespace Ops.Dashboard.Features.Rollouts.Strategies;

/// <summary>How an endpoint gets from what runs to what is planned: a pure function of what is seen now. It keeps no state, so a controller that was killed goes on where it was.</summary>
internal interface IStrategy
{
    /// <summary>The unique name that plans use, such as <c>rolling</c>.</summary>
    string Name { get; }

    /// <summary>What it does, in one sentence for the wizard.</summary>
    string Description { get; }

    /// <summary>The next step. The same input gives the same step; a step that was taken already asks for nothing new.</summary>
    Step Next(StrategyInput input);
}
