using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>A change as a watch tells it.</summary>
/// <param name="Type"><c>ADDED</c>, <c>MODIFIED</c>, <c>DELETED</c>, <c>BOOKMARK</c> or <c>ERROR</c>.</param>
/// <param name="Kind">The kind of the object.</param>
/// <param name="Object">The object after the change; for a deletion as it was last, with the version of the deletion.</param>
/// <param name="Previous">The object before.</param>
/// <param name="Version">The resource version of the change.</param>
internal sealed record StoreEvent(string Type, ResourceKind Kind, JsonObject Object, JsonObject? Previous, long Version)
{
    private readonly Lazy<string> text = new(() => Object.ToJsonString(Json.Plain));

    /// <summary>The object as JSON.</summary>
    public string Text => text.Value;
}

/// <summary>The objects of a cluster with one resource version for every write and a history for watches, as etcd keeps it. Stored objects are never changed: a write replaces them. Every member needs <see cref="Gate"/>.</summary>
internal sealed class ObjectStore
{
    private readonly Dictionary<ResourceKind, SortedDictionary<string, JsonObject>> objects = [];
    private readonly List<StoreEvent> history = [];
    private readonly List<Action<StoreEvent>> listeners = [];

    /// <summary>Held around every access.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The version of the last write.</summary>
    public long Version { get; private set; } = 1000;

    /// <summary>Changes up to this version are forgotten.</summary>
    public long CompactedTo { get; private set; } = 999;

    /// <summary>How many times the history was compacted: continuations of older lists are void.</summary>
    public int Compactions { get; private set; }

    /// <summary>The object of a name, or null.</summary>
    public JsonObject? Get(ResourceKind kind, string @namespace, string name) => Of(kind).GetValueOrDefault(Key(@namespace, name));

    /// <summary>The objects of a kind, by namespace and name.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="namespace">Only those of a namespace; empty for all.</param>
    public IEnumerable<JsonObject> List(ResourceKind kind, string @namespace = "") =>
        @namespace.Length == 0 ? Of(kind).Values : Of(kind).Where(p => p.Key.StartsWith(@namespace + "/", StringComparison.Ordinal)).Select(p => p.Value);

    /// <summary>Stores an object under a new version, which is written into it.</summary>
    public JsonObject Put(ResourceKind kind, JsonObject item)
    {
        var key = Key(item.Text("metadata", "namespace") ?? "", item.Text("metadata", "name")!);
        var previous = Of(kind).GetValueOrDefault(key);
        item.Make("metadata")["resourceVersion"] = (++Version).ToString();
        Of(kind)[key] = item;
        Tell(new StoreEvent(previous is null ? "ADDED" : "MODIFIED", kind, item, previous, Version));
        return item;
    }

    /// <summary>Takes an object away.</summary>
    public void Remove(ResourceKind kind, JsonObject item)
    {
        var key = Key(item.Text("metadata", "namespace") ?? "", item.Text("metadata", "name")!);
        if (!Of(kind).Remove(key, out var previous))
        {
            return;
        }

        var last = previous.Copy();
        last.Make("metadata")["resourceVersion"] = (++Version).ToString();
        Tell(new StoreEvent("DELETED", kind, last, previous, Version));
    }

    /// <summary>Forgets every change until now, as a server does after some minutes: a watch from an earlier version is told that it expired.</summary>
    public void Compact()
    {
        history.Clear();
        CompactedTo = Version;
        Compactions++;
    }

    /// <summary>The changes after a version.</summary>
    /// <returns>Null when some of them are forgotten.</returns>
    public IReadOnlyList<StoreEvent>? Since(long version) => version < CompactedTo ? null : [.. history.Where(e => e.Version > version)];

    /// <summary>Tells every change from now on, under the gate.</summary>
    public void Listen(Action<StoreEvent> listener) => listeners.Add(listener);

    /// <summary>Ends it.</summary>
    public void Unlisten(Action<StoreEvent> listener) => listeners.Remove(listener);

    private SortedDictionary<string, JsonObject> Of(ResourceKind kind)
    {
        if (!objects.TryGetValue(kind, out var found))
        {
            objects[kind] = found = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        }

        return found;
    }

    private void Tell(StoreEvent change)
    {
        history.Add(change);
        foreach (var listener in listeners.ToArray())
        {
            listener(change);
        }
    }

    private static string Key(string @namespace, string name) => $"{@namespace}/{name}";
}
