using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Watching;

/// <summary>
/// Knows which pods may be on their way out though the watch still shows them ready: those of a revision that was asked to have fewer, until the cluster
/// has taken them away. Whoever turns round in that moment must not count on them. Not safe for several threads.
/// </summary>
internal sealed class ShrinkingRevisions
{
    // How far a watch of pods may be behind that of their Deployment.
    private static readonly TimeSpan Lag = TimeSpan.FromSeconds(2);
    private readonly Dictionary<Guid, Shrinking> all = [];

    /// <summary>Takes in what is about to be asked of the cluster.</summary>
    /// <param name="revisions">What is wanted.</param>
    /// <param name="seen">The replicas that were seen last.</param>
    /// <param name="now">When.</param>
    public void Ask(IReadOnlyList<RevisionSpec> revisions, IReadOnlyList<ReplicaObservation> seen, DateTimeOffset now)
    {
        foreach (var plan in seen.Select(r => r.PlanId).Concat(all.Keys).Distinct().ToList())
        {
            var revision = revisions.FirstOrDefault(r => r.PlanId == plan);
            if (revision is { IsScaled: true })
            {
                // How many there are is not asked here.
                all.Remove(plan);
                continue;
            }

            var asked = revision?.Replicas ?? 0;
            if (all.TryGetValue(plan, out var known))
            {
                all[plan] = asked > known.Left ? known with { RaisedAt = known.RaisedAt ?? now } : known with { Left = asked, RaisedAt = null };
            }
            else if (seen.Where(r => r.PlanId == plan && r.Phase != ReplicaPhase.Stopping).Select(r => r.Id).ToHashSet(StringComparer.Ordinal) is var there && asked < there.Count)
            {
                all[plan] = new(there, asked, null);
            }
        }
    }

    /// <summary>The replicas, with those marked that nobody should count on.</summary>
    /// <param name="seen">As the watches show them.</param>
    /// <param name="endpoint">Whose.</param>
    /// <param name="cluster">Where.</param>
    /// <param name="now">When.</param>
    public IReadOnlyList<ReplicaObservation> Mark(IReadOnlyList<ReplicaObservation> seen, EndpointRef endpoint, ICluster cluster, DateTimeOffset now)
    {
        HashSet<string> going = [];
        foreach (var (plan, shrinking) in all.ToList())
        {
            var there = seen.Where(r => shrinking.There.Contains(r.Id) && r.Phase != ReplicaPhase.Stopping).Select(r => r.Id).ToList();
            if (there.Count <= shrinking.Left || (shrinking.RaisedAt is { } raised && now - raised >= Lag && HasCaughtUp(endpoint, plan, cluster)))
            {
                all.Remove(plan);
            }
            else
            {
                going.UnionWith(there.Skip(shrinking.Left));
            }
        }

        return going.Count == 0 ? seen : [.. seen.Select(r => going.Contains(r.Id) ? r with { MayGo = true } : r)];
    }

    private static bool HasCaughtUp(EndpointRef endpoint, Guid plan, ICluster cluster) => cluster.All<V1Deployment>().All(d =>
        ObjectLabels.EndpointOf(d.Metadata) != endpoint.Id || ObjectLabels.PlanOf(d.Metadata) != plan || (d.Status?.ObservedGeneration ?? 0) >= (d.Metadata.Generation ?? 0));

    /// <summary>What is known of one revision: the pods that were there when it was asked to have fewer, how many of them stay, and since when it is to have more again.</summary>
    private sealed record Shrinking(IReadOnlySet<string> There, int Left, DateTimeOffset? RaisedAt);
}
