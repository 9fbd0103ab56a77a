namespace Ops.Dashboard.Features.Rollouts.Strategies;

/// <summary>Where a rollout stands, in words that all strategies share.</summary>
internal static class Sentences
{
    /// <summary>Such as <c>1 of 3 replicas of digits 2 ready; 2 of digits 1 left.</c></summary>
    public static string Progress(StrategyInput input, bool isComplete)
    {
        var ready = $"{input.Ready(input.To)} of {Replicas(input.To.Replicas)} of {input.To.Name} ready";
        if (input.PresentOthers == 0)
        {
            return $"{Paused(input)}{ready}.";
        }

        var old = input.Stable is { } stable && input.Present(stable) > 0
            ? $"{input.Present(stable)} of {stable.Name}"
            : $"{input.PresentOthers} from before";
        return isComplete ? $"{Paused(input)}{ready}; waits for {old} to stop." : $"{Paused(input)}{ready}; {old} left.";
    }

    /// <summary>How a sentence begins while a person holds the rollout.</summary>
    public static string Paused(StrategyInput input) => input.IsPaused ? "Paused. " : "";

    /// <summary>Such as <c>1 replica</c> and <c>3 replicas</c>.</summary>
    public static string Replicas(int count) => count == 1 ? "1 replica" : $"{count} replicas";
}
