using k8s;
using k8s.Models;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Targets.Kubernetes.Apply;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Data;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Targets.Kubernetes;

/// <summary>What is in a cluster of an endpoint that the registry does not know: of another installation, or of one whose registry was restored to a time before.</summary>
/// <param name="EndpointId">The endpoint's key, as its objects say it.</param>
/// <param name="Name">The endpoint's name, as its objects say it.</param>
/// <param name="Kinds">Kinds of objects and how many there are of each.</param>
/// <param name="Since">When the oldest of them was made, or null.</param>
public sealed record LeftEndpoint(Guid EndpointId, string Name, IReadOnlyList<(string Kind, int Count)> Kinds, DateTimeOffset? Since)
{
    /// <summary>Such as <c>Deployment, 2 Services</c>.</summary>
    public string Words => string.Join(", ", Kinds.Select(k => k.Count == 1 ? k.Kind : $"{k.Count} × {k.Kind}"));
}

/// <summary>Finds what endpoints that the registry does not know have left in clusters, and deletes it for administrators. Nothing of it is ever touched otherwise.</summary>
internal sealed class LeftObjects(IClusters clusters, IDbContextFactory<RegistryDb> databases, CommandRunner runner, ITurn turn)
{
    /// <summary>What is left on a target, by name; empty while the cluster cannot be seen.</summary>
    public async Task<IReadOnlyList<LeftEndpoint>> OfAsync(Guid targetId, CancellationToken cancellation)
    {
        if (await SeenAsync(targetId, cancellation) is not { } cluster)
        {
            return [];
        }

        var groups = PresentObjects.All(cluster).ToLookup(o => ObjectLabels.EndpointOf(o.Metadata)!.Value);
        if (groups.Count == 0)
        {
            return [];
        }

        var ids = groups.Select(g => g.Key).ToList();
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var known = await db.Endpoints.Where(e => ids.Contains(e.Id)).Select(e => e.Id).ToHashSetAsync(cancellation);
        return [.. groups.Where(g => !known.Contains(g.Key)).Select(g => Read(g.Key, [.. g])).OrderBy(l => l.Name, StringComparer.Ordinal).ThenBy(l => l.EndpointId)];
    }

    /// <summary>Deletes what one endpoint has left. Only objects that carry our labels with its key, and only while the registry knows no such endpoint. Needs <see cref="Right.ManageTargets"/>.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="targetId">Where.</param>
    /// <param name="endpointId">The key of the endpoint.</param>
    /// <param name="reason">Why, for the audit.</param>
    /// <param name="cancellation">Gives up; some may be deleted then.</param>
    public async Task<Result> DeleteAsync(Caller caller, Guid targetId, Guid endpointId, string? reason, CancellationToken cancellation = default)
    {
        var claimed = await runner.RunAsync<(ICluster Cluster, IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Left)>(
            caller,
            "target.delete-left",
            Right.ManageTargets,
            async (scope, token) =>
            {
                var target = await scope.Db.Targets.SingleOrDefaultAsync(t => t.Id == targetId && t.Kind == TargetKinds.Kubernetes && t.RetiredAt == null, token);
                if (target is null)
                {
                    return Failure.NotFound("There is no such target.");
                }

                if (await scope.Db.Endpoints.AnyAsync(e => e.Id == endpointId, token))
                {
                    return Failure.Conflict("The registry knows this endpoint. What it has in the cluster is looked after; retire the endpoint to take it away.");
                }

                if (!turn.IsHeld)
                {
                    return Failure.Unavailable("Another dashboard of this registry acts on clusters now. Delete them there.");
                }

                if (await SeenAsync(targetId, token) is not { } cluster)
                {
                    return Failure.Unavailable($"{target.Name} cannot be seen now.");
                }

                List<IKubernetesObject<V1ObjectMeta>> left = [.. PresentObjects.Of(cluster, endpointId)];
                if (left.Count == 0)
                {
                    return Failure.Conflict("They are gone already.");
                }

                try
                {
                    // Another installation at work in the namespace has this Lease; then they may well be its own.
                    await cluster.Lease.HoldAsync(turn.Holder, token);
                }
                catch (InvalidOperationException refused)
                {
                    return Failure.Conflict(refused.Message);
                }

                scope.Audit("target", target.Id, target.Name, new { Endpoint = endpointId, Objects = left.Select(o => $"{o.Kind} {o.Metadata.Name}") }, null, reason);
                return (cluster, left);
            },
            cancellation);
        return claimed.Failure is { } failure ? failure : await DeleteAsync(claimed.Value.Cluster, claimed.Value.Left, cancellation);
    }

    private async Task<Result> DeleteAsync(ICluster cluster, IReadOnlyList<IKubernetesObject<V1ObjectMeta>> left, CancellationToken cancellation)
    {
        var mine = new ClusterTurn(turn, cluster.Lease);
        foreach (var one in left)
        {
            if (!mine.IsHeld)
            {
                return Failure.Unavailable("Another dashboard has taken over in the middle of it. Some are left; look again.");
            }

            try
            {
                await cluster.DeleteAsync(one, cancellation);
            }
            catch (Exception exception) when (exception is InvalidOperationException or HttpRequestException)
            {
                return Failure.Unavailable($"{one.Kind} {one.Metadata.Name} could not be deleted: {exception.Message} Some are left; look again.");
            }
        }

        return Result.Done;
    }

    private async Task<ICluster?> SeenAsync(Guid targetId, CancellationToken cancellation)
    {
        try
        {
            var cluster = await clusters.GetAsync(targetId, cancellation);
            return cluster.Problem is null && cluster.SeenAsync(cancellation) is { IsCompletedSuccessfully: true } ? cluster : null;
        }
        catch (InvalidOperationException)
        {
            // The page says what is wrong with the target.
            return null;
        }
    }

    private static LeftEndpoint Read(Guid id, IReadOnlyList<IKubernetesObject<V1ObjectMeta>> objects) => new(
        id,
        objects.Select(o => o.Metadata.Labels.TryGetValue("app.kubernetes.io/instance", out var name) ? name : null).FirstOrDefault(n => n is not null) ?? id.ToString("D"),
        [.. objects.GroupBy(o => o.Kind).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => (g.Key, g.Count()))],
        objects.Min(o => o.Metadata.CreationTimestamp) is { } since ? new DateTimeOffset(DateTime.SpecifyKind(since, DateTimeKind.Utc)) : null);
}
