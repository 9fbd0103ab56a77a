using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>Deletes objects the way the API does: preconditions, finalizers, propagation, grace of pods. Every member needs the store's gate.</summary>
internal sealed class ObjectDeleter(ObjectStore store, TimeProvider time)
{
    /// <summary>DELETE of an object.</summary>
    public ApiReply Delete(ApiRequest request)
    {
        var kind = request.Kind!;
        if (store.Get(kind, request.Namespace, request.Name) is not { } live)
        {
            return ApiStatus.NotFound(kind, request.Name);
        }

        var options = request.Body.Length > 0 ? FieldValidation.Read(request.Body).Body : null;
        foreach (var (field, name) in new[] { ("uid", "UID"), ("resourceVersion", "ResourceVersion") })
        {
            if (options.Text("preconditions", field) is { } expected && expected != live.Text("metadata", field))
            {
                return ApiStatus.Conflict(kind, request.Name, $"the {name} in the precondition ({expected}) does not match the {name} in record ({live.Text("metadata", field)}). The object might have been deleted and then recreated");
            }
        }

        if (request.IsDryRun || (options?["dryRun"] as JsonArray)?.Count > 0)
        {
            return Gone(kind, live);
        }

        var propagation = options.Text("propagationPolicy") ?? (request.Query["propagationPolicy"].ToString() is { Length: > 0 } given ? given : "Background");
        var grace = options.Number("gracePeriodSeconds") ?? (long.TryParse(request.Query["gracePeriodSeconds"], out var seconds) ? seconds : null);
        return Delete(kind, live, propagation, grace);
    }

    /// <summary>DELETE of a collection.</summary>
    public ApiReply DeleteAll(ApiRequest request, IReadOnlyList<JsonObject> selected)
    {
        var list = new JsonArray();
        foreach (var item in selected)
        {
            list.Add(item.DeepClone());
            Delete(request with { Name = item.Text("metadata", "name")!, Namespace = item.Text("metadata", "namespace") ?? "" });
        }

        return ApiReply.Ok(new JsonObject
        {
            ["kind"] = request.Kind!.Kind + "List",
            ["apiVersion"] = request.Kind.ApiVersion,
            ["metadata"] = new JsonObject { ["resourceVersion"] = store.Version.ToString() },
            ["items"] = list,
        });
    }

    /// <summary>Deletes an object, at once or by marking it.</summary>
    public ApiReply Delete(ResourceKind kind, JsonObject live, string propagation, long? grace)
    {
        var finalizers = (live.Dig("metadata", "finalizers") as JsonArray ?? []).Select(f => f.Text() ?? "").ToList();
        if (propagation == "Foreground" && kind.Kind is ("Deployment" or "ReplicaSet"))
        {
            finalizers.Add("foregroundDeletion");
        }
        else if (propagation == "Orphan")
        {
            finalizers.Add("orphan");
        }

        if (kind.Kind == "Namespace")
        {
            return Mark(kind, live, finalizers, 0, item => item.Make("status")["phase"] = "Terminating");
        }

        if (kind.Kind == "Pod" && live.Text("spec", "nodeName") is not null && live.Text("status", "phase") is not ("Succeeded" or "Failed"))
        {
            var allowed = grace ?? live.Number("spec", "terminationGracePeriodSeconds") ?? 30;
            if (allowed > 0)
            {
                // A second delete only ever shortens the wait.
                return live.Number("metadata", "deletionGracePeriodSeconds") <= allowed ? ApiReply.Ok(live) : Mark(kind, live, finalizers, allowed, null);
            }
        }

        if (finalizers.Count > 0)
        {
            return live.Text("metadata", "deletionTimestamp") is not null ? ApiReply.Ok(live) : Mark(kind, live, finalizers, 0, null);
        }

        store.Remove(kind, live);
        return Gone(kind, live);
    }

    private ApiReply Mark(ResourceKind kind, JsonObject live, List<string> finalizers, long grace, Action<JsonObject>? also)
    {
        var marked = live.Copy();
        var metadata = marked.Make("metadata");
        metadata["deletionTimestamp"] = time.GetUtcNow().AddSeconds(grace).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        metadata["deletionGracePeriodSeconds"] = grace;
        if (finalizers.Count > 0)
        {
            metadata["finalizers"] = new JsonArray([.. finalizers.Distinct().Select(f => (JsonNode)f)]);
        }

        if (kind.HasGeneration)
        {
            metadata["generation"] = (live.Number("metadata", "generation") ?? 0) + 1;
        }

        also?.Invoke(marked);
        return ApiReply.Ok(store.Put(kind, marked));
    }

    private static ApiReply Gone(ResourceKind kind, JsonObject live)
    {
        if (kind.Kind is "Pod" or "Service" or "ServiceAccount" or "ResourceQuota" or "PersistentVolumeClaim")
        {
            return ApiReply.Ok(live);
        }

        var details = new JsonObject { ["name"] = live.Text("metadata", "name"), ["kind"] = kind.Plural, ["uid"] = live.Text("metadata", "uid") };
        if (kind.Group.Length > 0)
        {
            details["group"] = kind.Group;
        }

        return ApiReply.Ok(new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["details"] = details });
    }
}
