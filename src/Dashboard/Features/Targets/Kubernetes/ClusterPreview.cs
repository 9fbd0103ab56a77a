using k8s;
using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Apply;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;

namespace Ops.Dashboard.Features.Targets.Kubernetes;

/// <summary>What the cluster would say to one object.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Name">Its name.</param>
/// <param name="Problem">Why the cluster would refuse it, in its own words; null when it would take it.</param>
internal sealed record DryRunItem(string Kind, string Name, string? Problem);

/// <summary>Shows what plans come to before anything is done: as YAML, as differences to what is there, and as what the cluster would say.</summary>
internal sealed class ClusterPreview(IClusters clusters, WantedObjects wanted)
{
    /// <summary>All objects as YAML, for reading and for repositories that a cluster is kept by. Without the content of Secrets.</summary>
    /// <exception cref="InvalidOperationException">The plan may not be applied, or its version or cluster is not to be had; the message says why.</exception>
    public async Task<string> YamlAsync(EndpointRef endpoint, IReadOnlyList<RevisionSpec> revisions, CancellationToken cancellation) =>
        ObjectYaml.Write((await MakeAsync(endpoint, revisions, cancellation)).Objects);

    /// <summary>What differs between the plans and the cluster.</summary>
    /// <exception cref="InvalidOperationException">As <see cref="YamlAsync"/>.</exception>
    public async Task<IReadOnlyList<DriftItem>> CompareAsync(EndpointRef endpoint, IReadOnlyList<RevisionSpec> revisions, CancellationToken cancellation)
    {
        var (cluster, objects) = await MakeAsync(endpoint, revisions, cancellation);
        await cluster.SeenAsync(cancellation);
        return [.. objects.Where(o => cluster.Watches(o.Kind)).SelectMany(o => Drift.Between(o, cluster.Find(o.Kind, o.Metadata.Name)))];
    }

    /// <summary>Asks the cluster about every object without changing anything. Fields that somebody else has set are a problem here, each named.</summary>
    /// <exception cref="InvalidOperationException">As <see cref="YamlAsync"/>.</exception>
    public async Task<IReadOnlyList<DryRunItem>> DryRunAsync(EndpointRef endpoint, IReadOnlyList<RevisionSpec> revisions, CancellationToken cancellation)
    {
        var (cluster, objects) = await MakeAsync(endpoint, revisions, cancellation);
        List<DryRunItem> items = [];
        foreach (var one in objects)
        {
            items.Add(new(one.Kind, one.Metadata.Name, await ProblemAsync(cluster, one, cancellation)));
        }

        return items;
    }

    private static async Task<string?> ProblemAsync(ICluster cluster, IKubernetesObject<V1ObjectMeta> one, CancellationToken cancellation)
    {
        try
        {
            await cluster.ApplyAsync(one, force: false, dryRun: true, cancellation);
            return null;
        }
        catch (InvalidOperationException exception)
        {
            return exception.Message;
        }
    }

    private async Task<(ICluster Cluster, IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Objects)> MakeAsync(EndpointRef endpoint, IReadOnlyList<RevisionSpec> revisions, CancellationToken cancellation)
    {
        var cluster = await clusters.GetAsync(endpoint.TargetId, cancellation);
        return (cluster, await wanted.MakeAsync(endpoint, revisions, cluster, cancellation));
    }
}
