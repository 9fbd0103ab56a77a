using k8s;
using k8s.Models;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes;

/// <summary>What was found of one object of a plan.</summary>
internal enum TrialOutcome
{
    /// <summary>It is in the cluster as planned.</summary>
    Same,

    /// <summary>It is there and would be changed.</summary>
    Differs,

    /// <summary>It is not there and would be made.</summary>
    New,

    /// <summary>It is there and not part of the plan: it goes once everything is on the new version.</summary>
    Leaves,

    /// <summary>This dashboard cannot see whether it is there.</summary>
    Unseen,

    /// <summary>The cluster would take it.</summary>
    Taken,

    /// <summary>The cluster would not take it.</summary>
    Refused,
}

/// <summary>One object with what was found of it.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Name">Its name.</param>
/// <param name="Outcome">What was found.</param>
/// <param name="Details">Differences or refusals, in plain words.</param>
internal sealed record TrialLine(string Kind, string Name, TrialOutcome Outcome, IReadOnlyList<string> Details);

/// <summary>Holds a plan against its cluster before it is carried out: what would change, and what the cluster says to it. Nothing is changed. Needs <see cref="Right.DecideRollouts"/>.</summary>
internal sealed class PlanTrial(PlanObjects objects, CommandRunner runner)
{
    /// <summary>Compares a plan with what is in the cluster.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="plan">The plan; it need not be sealed yet.</param>
    /// <param name="planId">Its key, once it is sealed.</param>
    /// <param name="found">Told of each object as it comes.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task<Result> CompareAsync(Caller caller, PlanSpec plan, Guid? planId, Action<TrialLine> found, CancellationToken cancellation) =>
        RunAsync(caller, "plan.compare", plan, planId, async (endpoint, made, cluster) =>
        {
            await cluster.SeenAsync(cancellation);
            foreach (var one in made)
            {
                found(Compare(one, endpoint, cluster, planId is not null));
            }

            var names = made.Select(o => (o.Kind, o.Metadata.Name)).ToHashSet();
            foreach (var other in PresentObjects.Of(cluster, endpoint.Id).Where(o => !names.Contains((o.Kind, o.Metadata.Name))))
            {
                found(new(other.Kind, other.Metadata.Name, TrialOutcome.Leaves, []));
            }
        }, cancellation);

    /// <summary>Asks the cluster's API what it would say to each object (server-side dry run). It checks all that it checks before it writes; quotas of pods and room on nodes show only later.</summary>
    /// <inheritdoc cref="CompareAsync"/>
    public Task<Result> DryRunAsync(Caller caller, PlanSpec plan, Guid? planId, Action<TrialLine> found, CancellationToken cancellation) =>
        RunAsync(caller, "plan.dry-run", plan, planId, async (endpoint, made, cluster) =>
        {
            foreach (var one in made)
            {
                found(await TryAsync(one, endpoint, cluster, cancellation));
            }
        }, cancellation);

    private static TrialLine Compare(IKubernetesObject<V1ObjectMeta> one, EndpointRef endpoint, ICluster cluster, bool isSaved)
    {
        var (kind, name) = (one.Kind, one.Metadata.Name);
        if (!cluster.Watches(kind))
        {
            return new(kind, name, TrialOutcome.Unseen, ["The account of the target may not watch these, or the cluster does not have them."]);
        }

        var there = cluster.Find(kind, name);
        if (there is null)
        {
            return new(kind, name, TrialOutcome.New, []);
        }

        if (ObjectLabels.EndpointOf(there.Metadata) != endpoint.Id)
        {
            return new(kind, name, TrialOutcome.Refused, [Foreign(endpoint)]);
        }

        // Addresses of files are renewed all the time, whatever is planned. And until a plan is saved it has an id only for as long as it is looked at.
        var differences = Drift.Between(one, there)
            .Where(d => !d.IsSecretContent && !d.Path.Contains(ObjectLabels.ExpiresAt, StringComparison.Ordinal))
            .Select(d => !isSaved && d.Path.Contains(ObjectLabels.PlanId, StringComparison.Ordinal) ? d with { Wanted = "the id that this plan gets when it is saved" } : d)
            .Select(d => d.Comparison)
            .ToList();
        return new(kind, name, differences.Count == 0 ? TrialOutcome.Same : TrialOutcome.Differs, differences);
    }

    private static async Task<TrialLine> TryAsync(IKubernetesObject<V1ObjectMeta> one, EndpointRef endpoint, ICluster cluster, CancellationToken cancellation)
    {
        var (kind, name) = (one.Kind, one.Metadata.Name);
        try
        {
            // Without force, so that fields which somebody else has set are named.
            var reply = await cluster.ApplyAsync(one, force: false, dryRun: true, cancellation);
            return cluster.Watches(kind) && cluster.Find(kind, name) is null && Drift.LastWriter(reply.Metadata) is not null
                ? new(kind, name, TrialOutcome.Refused, [Foreign(endpoint)])
                : new(kind, name, TrialOutcome.Taken, []);
        }
        catch (ClusterException refused) when (refused.Problem is not (ClusterProblem.Unreachable or ClusterProblem.Unauthorized or ClusterProblem.Unavailable))
        {
            return new(kind, name, TrialOutcome.Refused, [refused.Message, .. refused.Causes]);
        }
    }

    private static string Foreign(EndpointRef endpoint) => $"An object of this name is there and does not belong to {endpoint.Name}. It would be left alone, and the rollout would wait.";

    private async Task<Result> RunAsync(
        Caller caller, string action, PlanSpec plan, Guid? planId, Func<EndpointRef, IReadOnlyList<IKubernetesObject<V1ObjectMeta>>, ICluster, Task> look, CancellationToken cancellation)
    {
        var right = await runner.CheckAsync(caller, action, Right.DecideRollouts, cancellation);
        if (!right.Succeeded)
        {
            return right;
        }

        var done = await objects.UseAsync(plan, planId, async (endpoint, made, cluster) =>
        {
            await look(endpoint, made, cluster);
            return Result.Of(true);
        }, cancellation);
        return done.Succeeded ? Result.Done : done.Failure;
    }
}
