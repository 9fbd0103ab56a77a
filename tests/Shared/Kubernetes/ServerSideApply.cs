using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>Who writes: a field manager, by which operation and through which subresource.</summary>
internal sealed record FieldManager(string Name, string Operation, string ApiVersion, string Subresource)
{
    /// <summary>How conflicts name it.</summary>
    public string Describe(string? time)
    {
        var text = $"\"{Name}\"" + (Subresource.Length > 0 ? $" with subresource \"{Subresource}\"" : "");
        return Operation == "Apply" ? text : time is null ? $"{text} using {ApiVersion}" : $"{text} using {ApiVersion} at {time}";
    }
}

/// <summary>What one manager owns and since when.</summary>
internal sealed record ManagedEntry(FieldManager Manager, FieldSet Fields, string? Time);

/// <summary>Ownership of fields: server-side apply with conflicts, and the bookkeeping of ordinary writes, as Kubernetes documents them.</summary>
internal static class ServerSideApply
{
    private static readonly string[] UntrackedMetadata = ["name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields", "resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds"];

    /// <summary>Merges what a manager applies into the live object.</summary>
    /// <returns>The new object, or the refusal where other managers own fields with other values.</returns>
    public static (JsonObject? Result, ApiStatus? Conflict) Apply(ResourceKind kind, JsonObject live, JsonObject configuration, FieldManager manager, bool force, string now)
    {
        var managers = Read(live);
        var last = managers.Find(m => SameManager(m.Manager, manager))?.Fields;
        var set = Tracked(ObjectFields.Of(kind.Schema, configuration), manager.Subresource, kind);
        var before = Bare(live);
        var merged = ObjectFields.Merge(kind.Schema, before, Bare(configuration))!;
        managers.RemoveAll(m => SameManager(m.Manager, manager));
        if (last is { IsEmpty: false })
        {
            merged = Prune(kind.Schema, merged, last, managers.Select(m => m.Fields).Append(set).Aggregate((a, b) => a.Union(b)));
        }

        var (others, conflict) = Settle(kind.Schema, before, merged, managers, force);
        if (conflict is not null)
        {
            return (null, conflict);
        }

        var changed = !JsonNode.DeepEquals(before, merged) || last is null || !JsonNode.DeepEquals(last.ToJson(), set.ToJson());
        var time = changed ? now : Read(live).Find(m => SameManager(m.Manager, manager))?.Time ?? now;
        if (!set.IsEmpty)
        {
            others.Add(new ManagedEntry(manager, set, time));
        }

        var result = (JsonObject)merged;
        Write(result, others);
        return (result, null);
    }

    /// <summary>Books an ordinary write: whatever it changed belongs to its manager from now on.</summary>
    public static void Update(ResourceKind kind, JsonObject? live, JsonObject updated, FieldManager manager, string now)
    {
        var managers = Read(live ?? []);
        var own = managers.Find(m => SameManager(m.Manager, manager));
        managers.RemoveAll(m => SameManager(m.Manager, manager));
        var before = Bare(live ?? new JsonObject { ["metadata"] = new JsonObject(), ["spec"] = new JsonObject() });
        var after = Bare(updated);
        var (others, _) = Settle(kind.Schema, before, after, managers, force: true);
        var changes = ObjectFields.Compare(kind.Schema, before, after);
        var set = Tracked((own?.Fields ?? new FieldSet()).Difference(changes.Removed).Union(changes.Modified).Union(changes.Added), manager.Subresource, kind);
        if (!set.IsEmpty)
        {
            var same = own is not null && JsonNode.DeepEquals(own.Fields.ToJson(), set.ToJson());
            others.Add(new ManagedEntry(manager, set, same ? own!.Time : now));
        }

        Write(updated, others);
    }

    /// <summary>The owners an object names.</summary>
    public static List<ManagedEntry> Read(JsonObject stored) =>
        [.. stored.Items("metadata", "managedFields").Select(e => new ManagedEntry(
            new FieldManager(e.Text("manager") ?? "", e.Text("operation") ?? "Update", e.Text("apiVersion") ?? "", e.Text("subresource") ?? ""),
            FieldSet.Parse(e["fieldsV1"]),
            e.Text("time")))];

    private static void Write(JsonObject target, List<ManagedEntry> managers)
    {
        var entries = managers
            .OrderBy(m => m.Manager.Operation, StringComparer.Ordinal).ThenBy(m => m.Time, StringComparer.Ordinal).ThenBy(m => m.Manager.Name, StringComparer.Ordinal)
            .Select(m =>
            {
                var entry = new JsonObject
                {
                    ["manager"] = m.Manager.Name,
                    ["operation"] = m.Manager.Operation,
                    ["apiVersion"] = m.Manager.ApiVersion,
                    ["time"] = m.Time,
                    ["fieldsType"] = "FieldsV1",
                    ["fieldsV1"] = m.Fields.ToJson(),
                };
                if (m.Manager.Subresource.Length > 0)
                {
                    entry["subresource"] = m.Manager.Subresource;
                }

                return (JsonNode)entry;
            });
        target.Make("metadata")["managedFields"] = new JsonArray([.. entries]);
    }

    private static (List<ManagedEntry> Managers, ApiStatus? Conflict) Settle(FieldSchema schema, JsonNode before, JsonNode after, List<ManagedEntry> others, bool force)
    {
        var changes = ObjectFields.Compare(schema, before, after);
        var written = changes.Modified.Union(changes.Added);
        var conflicts = others.Select(m => (Entry: m, Fields: m.Fields.Intersection(written))).Where(c => !c.Fields.IsEmpty).ToList();
        if (!force && conflicts.Count > 0)
        {
            return ([], ApiStatus.ApplyConflict(
                [.. conflicts.SelectMany(c => c.Fields.Paths().Select(p => (Manager: c.Entry.Manager.Describe(c.Entry.Time), Path: p)))]));
        }

        var left = others.Select(m => m with { Fields = m.Fields.Difference(written).Difference(changes.Removed) }).Where(m => !m.Fields.IsEmpty);
        return ([.. left], null);
    }

    // Takes away what this manager set last time and no longer sets, unless somebody else owns it too.
    private static JsonNode Prune(FieldSchema schema, JsonNode merged, FieldSet last, FieldSet owned)
    {
        var lastNamed = last.WithNamedFields(schema);
        var mergedSet = ObjectFields.Of(schema, merged).WithNamedFields(schema);
        var pruned = ObjectFields.Remove(schema, merged, lastNamed)!;
        var kept = ObjectFields.Of(schema, pruned).WithNamedFields(schema).Union(owned.WithNamedFields(schema));
        pruned = ObjectFields.Remove(schema, merged, mergedSet.Difference(kept))!;
        var prunedSet = ObjectFields.Of(schema, pruned).WithNamedFields(schema);
        return ObjectFields.Remove(schema, merged, mergedSet.Difference(prunedSet).Intersection(lastNamed))!;
    }

    private static bool SameManager(FieldManager one, FieldManager other) =>
        one.Name == other.Name && one.Operation == other.Operation && one.Subresource == other.Subresource && (one.Operation == "Apply" || one.ApiVersion == other.ApiVersion);

    private static FieldSet Tracked(FieldSet set, string subresource, ResourceKind kind)
    {
        set = set.Without("f:apiVersion").Without("f:kind");
        foreach (var field in UntrackedMetadata)
        {
            set = set.Without("f:metadata", "f:" + field);
        }

        if (set.Find("f:metadata") is { } metadata)
        {
            metadata.Member = false;
        }

        if (set.Find("f:spec") is { } spec)
        {
            spec.Member = false;
        }

        set.Member = false;
        return !kind.HasStatus ? set : subresource == "status" ? set.Without("f:spec").Without("f:metadata", "f:labels") : set.Without("f:status");
    }

    private static JsonObject Bare(JsonObject stored)
    {
        var copy = stored.Copy();
        (copy["metadata"] as JsonObject)?.Remove("managedFields");
        return copy;
    }
}
