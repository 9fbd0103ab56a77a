using System.Collections.Concurrent;
using k8s;
using k8s.Models;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>What a cache makes of an event.</summary>
internal enum WatchNews
{
    /// <summary>It is newer than what was known.</summary>
    New,

    /// <summary>It was known, or something newer is.</summary>
    Old,

    /// <summary>Whether it is newer cannot be told: only a new list says what there is.</summary>
    Unclear,
}

/// <summary>
/// Objects as they were seen last. An event that is older than what is known changes nothing: neither than the object, nor than its deletion, nor
/// than the last list. One that is newer than its deletion shows the same object again: for who watches by labels, an object without them is deleted,
/// and added when they are back. One thread writes, any read.
/// </summary>
internal sealed class WatchCache(Action<ClusterChange> changed)
{
    private const int MostGone = 10_000;
    private readonly ConcurrentDictionary<(string Space, string Name), IKubernetesObject<V1ObjectMeta>> items = new();
    private readonly OrderedDictionary<string, string?> gone = new(StringComparer.Ordinal);
    private string? listed;

    /// <summary>All objects.</summary>
    public IReadOnlyCollection<IKubernetesObject<V1ObjectMeta>> All => (IReadOnlyCollection<IKubernetesObject<V1ObjectMeta>>)items.Values;

    /// <summary>An object, or null.</summary>
    public IKubernetesObject<V1ObjectMeta>? Find(string? space, string name) => items.GetValueOrDefault((space ?? "", name));

    /// <summary>Takes in a whole list: what is not in it is gone, whether or not anybody said so, and what is in it is there, whatever was said before.</summary>
    /// <param name="list">All objects.</param>
    /// <param name="version">The version of the list: whatever happened until then is in it.</param>
    public void Replace(IEnumerable<IKubernetesObject<V1ObjectMeta>> list, string version)
    {
        var now = list.ToDictionary(Key);
        listed = version;
        foreach (var (key, old) in items)
        {
            if (!now.TryGetValue(key, out var current) || current.Metadata.Uid != old.Metadata.Uid)
            {
                items.TryRemove(key, out _);
                Bury(old, version);
                changed(new(old, true));
            }
        }

        foreach (var (key, item) in now)
        {
            var isSame = items.TryGetValue(key, out var old) && old.Metadata.ResourceVersion == item.Metadata.ResourceVersion;
            items[key] = item;
            gone.Remove(item.Metadata.Uid ?? "");
            if (!isSame)
            {
                changed(new(item, false));
            }
        }
    }

    /// <summary>Takes in an event.</summary>
    public WatchNews Take(IKubernetesObject<V1ObjectMeta> item, bool isGone)
    {
        var (key, uid, version) = (Key(item), item.Metadata.Uid ?? "", item.Metadata.ResourceVersion);
        if (ResourceVersion.Compare(version, listed) <= 0)
        {
            return WatchNews.Old;
        }

        if (gone.TryGetValue(uid, out var goneAt))
        {
            var since = ResourceVersion.Compare(version, goneAt);
            if (isGone || since <= 0)
            {
                return WatchNews.Old;
            }

            if (since is null)
            {
                return WatchNews.Unclear;
            }

            gone.Remove(uid);
        }

        if (items.TryGetValue(key, out var old))
        {
            if (old.Metadata.Uid == uid ? IsOlder(item, old, orSame: !isGone) : IsOlder(item, old, orSame: false))
            {
                return WatchNews.Old;
            }

            if (old.Metadata.Uid != uid)
            {
                // It was deleted and made again, and nobody told of the first.
                items.TryRemove(key, out _);
                Bury(old, version);
                changed(new(old, true));
            }
        }

        if (isGone)
        {
            var wasThere = items.TryRemove(key, out _);
            Bury(item, version);
            if (wasThere)
            {
                changed(new(item, true));
            }

            return WatchNews.New;
        }

        items[key] = item;
        changed(new(item, false));
        return WatchNews.New;
    }

    private static (string Space, string Name) Key(IKubernetesObject<V1ObjectMeta> item) => (item.Metadata.NamespaceProperty ?? "", item.Metadata.Name ?? "");

    // Versions that are no numbers are taken as they come.
    private static bool IsOlder(IKubernetesObject<V1ObjectMeta> item, IKubernetesObject<V1ObjectMeta> known, bool orSame) =>
        ResourceVersion.Compare(item.Metadata.ResourceVersion, known.Metadata.ResourceVersion) is { } order
            ? order < 0 || (orSame && order == 0)
            : orSame && item.Metadata.ResourceVersion == known.Metadata.ResourceVersion;

    /// <summary>Remembers that an object was gone at a version.</summary>
    private void Bury(IKubernetesObject<V1ObjectMeta> item, string? version)
    {
        if (item.Metadata.Uid is { Length: > 0 } uid)
        {
            gone.Remove(uid);
            gone.Add(uid, version);
            if (gone.Count > MostGone)
            {
                gone.RemoveAt(0);
            }
        }
    }
}
