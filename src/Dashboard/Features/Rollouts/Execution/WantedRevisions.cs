using Ops.Dashboard.Features.Rollouts.Strategies;
using Ops.Dashboard.Features.Targets;
using Ops.Data.Rollouts;

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

        // While a rollout is under way, or what one has left is put in order, its steps say how many there are.
        var isScaled = picture.Rollout is null && picture.Endpoint.ScaledTo is null && replicas.Count == 1;
        return [.. replicas.OrderBy(pair => pair.Key).Select(pair => Revision(picture.FindPlan(pair.Key)!, pair.Value))];

        RevisionSpec Revision(Plan plan, int count)
        {
            var scales = isScaled && count > 0 && plan.Spec.Kubernetes?.Autoscaling is not null;
            return new(plan.Id, plan.Hash, plan.Spec, scales ? plan.Spec.Replicas : count) { Weight = ShareOf(plan.Id), IsScaled = scales };
        }

        // The shares of the router. A gateway fails what it sends to a revision of which nothing is ready, so that one has none while another can answer.
        int? ShareOf(Guid plan) => !step.Serving.Contains(plan) || (!IsReady(plan) && step.Serving.Any(Answers)) ? 0 : Planned(plan);

        bool Answers(Guid plan) => IsReady(plan) && Planned(plan) != 0;

        bool IsReady(Guid plan) => picture.Observation.Replicas.Any(r => r.PlanId == plan && r.Phase == ReplicaPhase.Ready);

        int? Planned(Guid plan) => step.Weights.Count == 0 ? null : step.Weights.GetValueOrDefault(plan);
    }
}
