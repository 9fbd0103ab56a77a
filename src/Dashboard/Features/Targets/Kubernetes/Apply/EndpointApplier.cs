using System.Collections.Concurrent;
using k8s;
using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Apply;

/// <summary>
/// Makes the objects of one endpoint as they are wanted, and nothing that is so already. What somebody else has changed is told apart from what
/// is wanted anew, and is shown: it is put back at once while a rollout is under way or where it changes what pods run, and otherwise waits for a person.
/// </summary>
internal sealed class EndpointApplier(EndpointRef endpoint, WantedObjects wantedObjects, ITurn turn, Action<DriftItem, bool> drifted, TimeProvider time, ILogger log) : IDisposable
{
    private readonly SemaphoreSlim gate = new(1);
    private readonly ConcurrentDictionary<string, Applied> applied = new(StringComparer.Ordinal);
    private readonly HashSet<DriftItem> told = [];
    private readonly HashSet<string> removed = new(StringComparer.Ordinal);
    private string? lastWanted;

    /// <summary>Fields that somebody else has changed and that nobody has put back or accepted yet.</summary>
    public IReadOnlyList<DriftItem> Open { get; private set; } = [];

    /// <summary>One pass.</summary>
    /// <param name="revisions">What is wanted.</param>
    /// <param name="asked">The endpoint as it is told of now: what somebody else has changed and may stay so, what is known of already, and whether that is to be put back.</param>
    /// <param name="cluster">Where.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="InvalidOperationException">The plan may not be applied, or the cluster refused something.</exception>
    public async Task ApplyAsync(IReadOnlyList<RevisionSpec> revisions, EndpointRef asked, ICluster cluster, CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        using var whileInTurn = new WhileInTurn(turn, time, cancellation);
        try
        {
            await ApplyAllAsync(revisions, asked, cluster, whileInTurn.Token);
        }
        catch (OperationCanceledException) when (whileInTurn.IsOver)
        {
            throw TakenOver();
        }
        finally
        {
            gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => gate.Dispose();

    private async Task ApplyAllAsync(IReadOnlyList<RevisionSpec> revisions, EndpointRef asked, ICluster cluster, CancellationToken cancellation)
    {
        var key = string.Join(' ', revisions.Select(r => $"{r.PlanId:N}:{r.Replicas}:{r.Weight}"));
        var isMoving = (lastWanted is not null && key != lastWanted) || revisions.Count(r => r.Replicas > 0) > 1 || asked.PutsBack;
        var wanted = await wantedObjects.MakeAsync(endpoint, revisions, cluster, cancellation);
        List<DriftItem> open = [];
        foreach (var one in wanted)
        {
            await MakeAsync(one, cluster, isMoving, asked, open, cancellation);
        }

        await RemoveOthersAsync(wanted, cluster, cancellation);
        Open = open;
        told.IntersectWith(open);
        lastWanted = key;
    }

    private async Task MakeAsync(IKubernetesObject<V1ObjectMeta> one, ICluster cluster, bool isMoving, EndpointRef asked, List<DriftItem> open, CancellationToken cancellation)
    {
        var accepted = asked.Accepted;
        var key = Key(one.Kind, one.Metadata.Name);
        var text = KubernetesJson.Serialize(one);
        var last = applied.GetValueOrDefault(key);
        if (!cluster.Watches(one.Kind))
        {
            if (last?.Wanted != text)
            {
                await RefuseTakenAsync(one, last, cluster, cancellation);
                await SendAsync(one, one, last?.Reply, text, cluster, cancellation);
            }

            return;
        }

        var seen = cluster.Find(one.Kind, one.Metadata.Name);
        var found = Newest(seen?.Metadata.Uid is { } uid && removed.Contains(uid) ? null : seen, last);
        if (found is not null && ObjectLabels.EndpointOf(found.Metadata) != endpoint.Id)
        {
            throw Taken(one, cluster);
        }

        if (found is null)
        {
            await RefuseTakenAsync(one, last, cluster, cancellation);
        }

        if (last is not null && last.Wanted != text && found is not null && HasForeignWriter(found.Metadata, orAtOnce: true))
        {
            // Something else is wanted now, perhaps because of what they did; what they did is told all the same.
            Tell(Drift.Between(last.One, found).Where(d => !d.IsAmong(accepted)), isPutBack: true);
        }

        var differences = Drift.Between(one, found).Where(d => !d.IsAmong(accepted)).ToList();
        if (differences.Count == 0)
        {
            applied[key] = new(one, text, last?.Before, found!, true, last?.Replaced);
            return;
        }

        var foreign = differences.Where(d => IsForeign(d, last, text, found)).ToList();
        if (foreign.Count > 0)
        {
            var isPutBack = isMoving || foreign.Count < differences.Count || foreign.Any(d => d.IsMissing || d.TouchesPods);

            // What the dashboard that acted before has told already, and what waits since, is no news.
            Tell(foreign.Where(d => isPutBack || !asked.Open.Contains(d.Opened)), isPutBack);
            if (!isPutBack)
            {
                open.AddRange(foreign);
                applied[key] = new(one, text, last?.Before, found!, true, last?.Replaced);
                return;
            }
        }

        if (differences.Select(d => d.Addition).OfType<string>().ToList() is { Count: > 0 } additions)
        {
            RefuseOutOfTurn();
            var reply = await cluster.TakeOutAsync(found!, additions, cancellation);
            applied[key] = new(one, text, found!.Metadata.ResourceVersion, reply, true, last?.Replaced);
            if (differences.All(d => d.Addition is not null))
            {
                return;
            }

            found = reply;
        }

        // An object goes as a whole; what may stay as somebody has made it goes as it is.
        await SendAsync(one, Drift.Keeping(one, found, accepted), found, text, cluster, cancellation);
    }

    private void Tell(IEnumerable<DriftItem> changes, bool isPutBack)
    {
        foreach (var item in changes.Where(told.Add))
        {
            log.Drifted(endpoint.Name, item.Sentence);
            drifted(item, isPutBack);
        }
    }

    // Watches show only what carries our label. Before something is made for the first time the cluster is asked what would become of it: fields
    // of others in the answer mean that somebody else's object has that name.
    private async Task RefuseTakenAsync(IKubernetesObject<V1ObjectMeta> one, Applied? last, ICluster cluster, CancellationToken cancellation)
    {
        if (last is null && Drift.LastWriter((await cluster.ApplyAsync(one, force: true, dryRun: true, cancellation)).Metadata) is not null)
        {
            throw Taken(one, cluster);
        }
    }

    private InvalidOperationException Taken(IKubernetesObject<V1ObjectMeta> one, ICluster cluster) => new(
        $"{cluster.Settings.Namespace} has a {one.Kind} {one.Metadata.Name} that does not belong to {endpoint.Name}. It is left alone; remove it or name the endpoint otherwise.");

    private async Task SendAsync(
        IKubernetesObject<V1ObjectMeta> one, IKubernetesObject<V1ObjectMeta> sent, IKubernetesObject<V1ObjectMeta>? found, string text, ICluster cluster, CancellationToken cancellation)
    {
        RefuseOutOfTurn();

        // By force, because the object is ours and whoever else has set one of our fields has been noticed above.
        var reply = await cluster.ApplyAsync(sent, force: true, dryRun: false, cancellation);

        // Another one than was there: somebody has deleted that before the watch could show it, and this apply has made it anew.
        var isAnew = found?.Metadata.Uid is { } before && reply.Metadata.Uid is { } after && before != after;
        if (isAnew)
        {
            Tell(Drift.Between(one, null), isPutBack: true);
        }

        // What is on its way out is not there to stay, so its end is waited for as that of something that was seen.
        var wasSeen = (found is not null && !isAnew) || reply.Metadata.DeletionTimestamp is not null;
        applied[Key(one.Kind, one.Metadata.Name)] = new(one, text, found?.Metadata.ResourceVersion, reply, wasSeen, isAnew ? found!.Metadata.Uid : null);
        log.Applied(endpoint.Name, one.Kind, one.Metadata.Name);
    }

    private void RefuseOutOfTurn()
    {
        if (!turn.IsHeld)
        {
            throw TakenOver();
        }
    }

    private static InvalidOperationException TakenOver() => new("Another dashboard has taken over in the middle of this pass.");

    private async Task RemoveOthersAsync(IReadOnlyList<IKubernetesObject<V1ObjectMeta>> wanted, ICluster cluster, CancellationToken cancellation)
    {
        // The watch may go on showing for a moment what was removed here; then it is neither there nor taken away by somebody.
        removed.IntersectWith(PresentObjects.Of(cluster, endpoint.Id).Select(o => o.Metadata.Uid ?? ""));
        var keep = wanted.Select(o => Key(o.Kind, o.Metadata.Name)).ToHashSet(StringComparer.Ordinal);
        foreach (var seen in PresentObjects.Of(cluster, endpoint.Id).Where(o => !keep.Contains(Key(o.Kind, o.Metadata.Name)) && o.Metadata.DeletionTimestamp is null))
        {
            RefuseOutOfTurn();
            await cluster.DeleteAsync(seen, cancellation);
            if (seen.Metadata.Uid is { } uid)
            {
                removed.Add(uid);
            }

            applied.TryRemove(Key(seen.Kind, seen.Metadata.Name), out _);
            log.Removed(endpoint.Name, seen.Kind, seen.Metadata.Name);
        }
    }

    // The watch is a moment behind. Until it shows what our own apply made, the reply to that is the newest that is known.
    private static IKubernetesObject<V1ObjectMeta>? Newest(IKubernetesObject<V1ObjectMeta>? seen, Applied? last) =>
        last is null ? seen
        : seen?.Metadata.Uid is { } uid && uid == last.Replaced ? last.Reply
        : seen is null ? last.WasSeen ? null : last.Reply
        : seen.Metadata.ResourceVersion == last.Before ? last.Reply
        : seen;

    // Where nobody else has set a field it is an apply of ours that came late, of a dashboard that does not act any more for instance, or one of a plan
    // before. A field that is gone has nobody who has set it.
    private static bool IsForeign(DriftItem item, Applied? last, string text, IKubernetesObject<V1ObjectMeta>? found) =>
        found is null ? last is not null
        : !item.IsOurs && (last is not null ? last.Wanted == text && !IsRenewed(last, found) : item.Addition is not null || HasForeignWriter(found.Metadata));

    // By another dashboard, which acted for a while and made addresses of its own.
    private static bool IsRenewed(Applied last, IKubernetesObject<V1ObjectMeta> found) =>
        Drift.LastWriter(found.Metadata) is null && ExpiryOf(found) is { } renewed && renewed != ExpiryOf(last.Reply);

    private static string? ExpiryOf(IKubernetesObject<V1ObjectMeta> one) =>
        one.Metadata.Annotations is { } annotations && annotations.TryGetValue(ObjectLabels.ExpiresAt, out var expiry) ? expiry : null;

    // After a restart nothing is remembered; who wrote last stands in the object.
    // Times are whole seconds, so within one nobody knows who came later.
    private static bool HasForeignWriter(V1ObjectMeta metadata, bool orAtOnce = false)
    {
        var mine = metadata.ManagedFields?.Where(f => f.Manager == ObjectLabels.Manager).Select(f => f.Time).Max();
        var theirs = Drift.LastWriter(metadata) is { } other ? metadata.ManagedFields!.Where(f => f.Manager == other).Select(f => f.Time).Max() : null;
        return theirs > mine || (orAtOnce && theirs is not null && theirs == mine);
    }

    private static string Key(string kind, string name) => $"{kind}/{name}";

    private sealed record Applied(IKubernetesObject<V1ObjectMeta> One, string Wanted, string? Before, IKubernetesObject<V1ObjectMeta> Reply, bool WasSeen, string? Replaced);
}
