using System.Collections.Concurrent;
using System.Globalization;
using k8s;
using k8s.Models;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>
/// Objects as they were seen last. An event that is older than what is known changes nothing: the uid of an object that is gone never comes
/// back, and versions of one object only grow (Kubernetes compares them as numbers since KEP-5504; versions that are no numbers are taken as they come).
/// One thread writes, any read.
/// </summary>
internal sealed class WatchCache(Action<ClusterChange> changed)
{
    private const int MostGone = 10_000;
    private readonly ConcurrentDictionary<(string Space, string Name), IKubernetesObject<V1ObjectMeta>> items = new();
    private readonly HashSet<string> gone = new(StringComparer.Ordinal);
    private readonly Queue<string> goneInOrder = new();

    /// <summary>All objects.</summary>
    public IReadOnlyCollection<IKubernetesObject<V1ObjectMeta>> All => (IReadOnlyCollection<IKubernetesObject<V1ObjectMeta>>)items.Values;

    /// <summary>An object, or null.</summary>
    public IKubernetesObject<V1ObjectMeta>? Find(string? space, string name) => items.GetValueOrDefault((space ?? "", name));

    /// <summary>Takes in a whole list: what is not in it is gone, whether or not anybody said so.</summary>
    public void Replace(IEnumerable<IKubernetesObject<V1ObjectMeta>> list)
    {
        var now = list.ToDictionary(Key);
        foreach (var (key, old) in items)
        {
            if (!now.TryGetValue(key, out var current) || current.Metadata.Uid != old.Metadata.Uid)
            {
                items.TryRemove(key, out _);
                Bury(old);
                changed(new(old, true));
            }
        }

        foreach (var (key, item) in now)
        {
            var isSame = items.TryGetValue(key, out var old) && old.Metadata.ResourceVersion == item.Metadata.ResourceVersion;
            items[key] = item;
            if (!isSame)
            {
                changed(new(item, false));
            }
        }
    }

    /// <summary>Takes in an event.</summary>
    /// <returns>Whether it was news.</returns>
    public bool Take(IKubernetesObject<V1ObjectMeta> item, bool isGone)
    {
        var key = Key(item);
        if (gone.Contains(item.Metadata.Uid ?? ""))
        {
            return false;
        }

        if (items.TryGetValue(key, out var old))
        {
            if (old.Metadata.Uid == item.Metadata.Uid ? IsOlder(item, old, orSame: !isGone) : IsOlder(item, old, orSame: false))
            {
                return false;
            }

            if (old.Metadata.Uid != item.Metadata.Uid)
            {
                // It was deleted and made again, and nobody told of the first.
                items.TryRemove(key, out _);
                Bury(old);
                changed(new(old, true));
            }
        }

        if (isGone)
        {
            var wasThere = items.TryRemove(key, out _);
            Bury(item);
            if (wasThere)
            {
                changed(new(item, true));
            }

            return true;
        }

        items[key] = item;
        changed(new(item, false));
        return true;
    }

    private static (string Space, string Name) Key(IKubernetesObject<V1ObjectMeta> item) => (item.Metadata.NamespaceProperty ?? "", item.Metadata.Name ?? "");

    private static bool IsOlder(IKubernetesObject<V1ObjectMeta> item, IKubernetesObject<V1ObjectMeta> known, bool orSame) =>
        ulong.TryParse(item.Metadata.ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var mine)
        && ulong.TryParse(known.Metadata.ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var other)
            ? mine < other || (orSame && mine == other)
            : orSame && item.Metadata.ResourceVersion == known.Metadata.ResourceVersion;

    private void Bury(IKubernetesObject<V1ObjectMeta> item)
    {
        if (item.Metadata.Uid is { Length: > 0 } uid && gone.Add(uid))
        {
            goneInOrder.Enqueue(uid);
            if (goneInOrder.Count > MostGone)
            {
                gone.Remove(goneInOrder.Dequeue());
            }
        }
    }
}
