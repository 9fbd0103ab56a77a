using k8s;
using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Dashboard.Features.Targets.Kubernetes.Supply;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Apply;

/// <summary>Makes the list of everything an endpoint should have in its cluster.</summary>
internal sealed class WantedObjects(VersionSupply supply)
{
    /// <summary>The kinds that are made, in the order in which they are needed.</summary>
    public static IReadOnlyList<string> Kinds { get; } =
        ["ServiceAccount", "NetworkPolicy", "PodDisruptionBudget", "ConfigMap", "Secret", "Service", "HTTPRoute", "Deployment", "HorizontalPodAutoscaler"];

    /// <summary>Makes it, in the order in which it has to be applied; empty when nothing is to run.</summary>
    /// <exception cref="InvalidOperationException">A plan may not be applied, or its version is not to be had; the message says why.</exception>
    public async Task<IReadOnlyList<IKubernetesObject<V1ObjectMeta>>> MakeAsync(EndpointRef endpoint, IReadOnlyList<RevisionSpec> revisions, ICluster cluster, CancellationToken cancellation)
    {
        if (revisions.Count == 0)
        {
            return [];
        }

        var ns = cluster.Settings.Namespace;
        List<(RevisionSpec Revision, SuppliedVersion Version)> supplied = [];
        foreach (var revision in revisions)
        {
            if (ClusterPlans.CheckSealed(cluster, endpoint, revision.PlanHash, revision.Plan) is { Failure: { } refused })
            {
                throw new InvalidOperationException(refused.Message);
            }

            var version = await supply.GetAsync(revision.PlanId, revision.Plan, cancellation);
            supplied.Add((revision, version.Succeeded ? version.Value : throw new InvalidOperationException(version.Failure.Message)));
        }

        List<IKubernetesObject<V1ObjectMeta>> objects =
        [
            EndpointObjects.ServiceAccount(endpoint, ns, cluster.Settings.PullSecrets),
            EndpointObjects.NetworkPolicy(endpoint, supplied.Select(s => s.Version.Source), ns),
            EndpointObjects.DisruptionBudget(endpoint, ns),
        ];
        foreach (var (revision, version) in supplied)
        {
            objects.Add(RevisionObjects.Configuration(endpoint, revision, version.Source, ns));
            objects.Add(RevisionObjects.FetchSecret(endpoint, revision, version.Source, ns, version.ExpiresAt));
            objects.Add(RevisionObjects.Service(endpoint, revision, ns));
        }

        // Before the replicas: what is taken down gets no requests from then on, and what comes up gets none before it is ready.
        objects.Add(EndpointObjects.Service(endpoint, revisions, ns));
        if (HttpRoute.Of(endpoint, revisions, ns, cluster.Settings.Gateway) is { } route)
        {
            objects.Add(route);
        }

        foreach (var (revision, version) in supplied)
        {
            objects.Add(RevisionObjects.Deployment(endpoint, revision, version.Source, ns, Replicas(endpoint, revision, cluster)));

            // It scales only what runs alone and quietly: during a rollout its steps say how many there are.
            if (revision.IsScaled && RevisionObjects.Autoscaler(endpoint, revision, ns) is { } scaler)
            {
                objects.Add(scaler);
            }
        }

        return objects;
    }

    // How many there are is the autoscaler's to say within its bounds, so what is there counts as wanted.
    private static int Replicas(EndpointRef endpoint, RevisionSpec revision, ICluster cluster)
    {
        if (!revision.IsScaled || revision.Plan.Kubernetes?.Autoscaling is not { } bounds)
        {
            return revision.Replicas;
        }

        var there = (cluster.Find("Deployment", ObjectNames.Of(endpoint, revision)) as V1Deployment)?.Spec?.Replicas ?? 0;
        return there == 0 ? revision.Replicas : Math.Clamp(there, bounds.MinReplicas, bounds.MaxReplicas);
    }
}
