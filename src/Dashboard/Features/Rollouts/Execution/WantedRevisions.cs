using Ops.Dashboard.Features.Rollouts.Strategies;
using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Features.Rollouts.Execution;

/// <summary>What a target is told of a step: how many replicas each revision has, and its share of the requests where the target hands them out itself.</summary>
internal static class WantedRevisions
{
    /// <summary>The revisions in a steady order.</summary>
    public static IReadOnlyList<RevisionSpec> Of(Step step, EndpointPicture picture)
    {
        // What ran before stays named until the step is done, also where there is no room for a replica of it at the moment: a target then
        // keeps what it has made for it, and can bring it back at once.
        var replicas = step.Replicas.ToDictionary();
        if (!step.IsDone && picture.Stable is { } stable)
        {
            replicas.TryAdd(stable.Id, 0);
        }

        return [.. replicas.OrderBy(pair => pair.Key).Select(pair => (Plan: picture.FindPlan(pair.Key)!, pair.Value)).Select(r => new RevisionSpec(r.Plan.Id, r.Plan.Hash, r.Plan.Spec, r.Value) { Weight = ShareOf(r.Plan.Id) })];

        // The shares of the router. A gateway fails what it sends to a revision of which nothing is ready, so that one has none while another can answer.
        int? ShareOf(Guid plan) => !step.Serving.Contains(plan) || (!IsReady(plan) && step.Serving.Any(Answers)) ? 0 : Planned(plan);

        bool Answers(Guid plan) => IsReady(plan) && Planned(plan) != 0;

        bool IsReady(Guid plan) => picture.Observation.Replicas.Any(r => r.PlanId == plan && r.Phase == ReplicaPhase.Ready);

        int? Planned(Guid plan) => step.Weights.Count == 0 ? null : step.Weights.GetValueOrDefault(plan);
    }
}
