using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Data.Rollouts;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>Drafts by each strategy, with short steps.</summary>
internal static class Strategies
{
    /// <summary>The draft by a strategy.</summary>
    public static DraftPlan Of(string strategy, DraftPlan draft) => strategy switch
    {
        "canary" => draft with { Strategy = strategy, Steps = [new PlanStep { Weight = 50, PauseSeconds = 1 }] },
        "blue-green" => draft with { Strategy = strategy, Steps = [new PlanStep { Weight = 0, PauseSeconds = 1 }], KeepOldSeconds = 1 },
        "shadow" => draft with { Strategy = strategy, Steps = [new PlanStep { Weight = 50, PauseSeconds = 1 }] },
        _ => draft with { Strategy = strategy },
    };
}
