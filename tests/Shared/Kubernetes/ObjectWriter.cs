using System.Text;
using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>Creates, replaces, patches and applies objects the way the API does: strict fields, defaults, validation, preconditions, ownership, generation, dry run. Every member needs the store's gate.</summary>
internal sealed partial class ObjectWriter(ObjectStore store, TimeProvider time)
{
    /// <summary>Refuses what is about to be created, such as by a quota; null to let it be.</summary>
    public Func<ResourceKind, JsonObject, ApiStatus?>? Admission { get; set; }

    /// <summary>Now, as the API writes moments.</summary>
    public string Now => time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

    /// <summary>POST to a collection.</summary>
    public ApiReply Create(ApiRequest request)
    {
        var kind = request.Kind!;
        var (body, warnings, refusal) = Read(request);
        if (body is null)
        {
            return refusal!;
        }

        var metadata = body.Make("metadata");
        if (metadata.Text("name") is null && metadata.Text("generateName") is { } prefix)
        {
            metadata["name"] = prefix + Suffix();
        }

        if (metadata.Text("name") is not { Length: > 0 } name)
        {
            return ApiStatus.Invalid(kind, "", [FieldProblem.Required("metadata.name", "name or generateName is required")]);
        }

        if (MismatchOf(request with { Name = name }, body) is { } mismatch)
        {
            return mismatch;
        }

        if (store.Get(kind, request.Namespace, name) is not null)
        {
            return ApiStatus.AlreadyExists(kind, name);
        }

        var item = Shape(kind, body);
        if (kind.HasStatus && kind.Kind is not ("Node" or "Pod"))
        {
            item.Remove("status");
        }

        ServerSideApply.Update(kind, null, Defaulted(kind, item), new FieldManager(request.FieldManager, "Update", kind.ApiVersion, ""), Now);
        return StoreNew(request, item, warnings);
    }

    /// <summary>PUT of an object or its status.</summary>
    public ApiReply Replace(ApiRequest request)
    {
        var kind = request.Kind!;
        var (body, warnings, refusal) = Read(request);
        if (body is null)
        {
            return refusal!;
        }

        if (MismatchOf(request, body) is { } mismatch)
        {
            return mismatch;
        }

        if (store.Get(kind, request.Namespace, request.Name) is not { } live)
        {
            if (kind.Kind is "Lease" or "Event" && body.Text("metadata", "resourceVersion") is null)
            {
                body.Make("metadata")["name"] = request.Name;
                return Create(request with { Body = Encoding.UTF8.GetBytes(body.ToJsonString(Json.Plain)) });
            }

            return ApiStatus.NotFound(kind, request.Name);
        }

        return Update(request, live, Shape(kind, body), warnings);
    }

    /// <summary>PATCH of an object or its status.</summary>
    public ApiReply Patch(ApiRequest request)
    {
        var kind = request.Kind!;
        if (request.ContentType == "application/apply-patch+yaml")
        {
            return Apply(request);
        }

        if (store.Get(kind, request.Namespace, request.Name) is not { } live)
        {
            return ApiStatus.NotFound(kind, request.Name);
        }

        var (patched, problem) = ObjectPatch.Run(kind, live, request.Body, request.ContentType);
        if (problem is not null)
        {
            return problem;
        }

        var unknown = FieldValidation.Unknown(kind.Schema, patched).Select(f => $"unknown field \"{f}\"").ToList();
        if (unknown.Count > 0 && request.Query["fieldValidation"] == "Strict")
        {
            return ApiStatus.Invalid(kind, request.Name, [FieldProblem.Invalid("patch", Encoding.UTF8.GetString(request.Body), "strict decoding error: " + string.Join(", ", unknown))]);
        }

        if (FieldValidation.WrongType(kind.Schema, patched) is { } wrong)
        {
            return ApiStatus.Invalid(kind, request.Name, [FieldProblem.Invalid("patch", Encoding.UTF8.GetString(request.Body), wrong)]);
        }

        return Update(request, live, Shape(kind, patched!), unknown);
    }

    /// <summary>Stores a changed object on behalf of a manager, as an update through the API would.</summary>
    public ApiReply Update(ApiRequest request, JsonObject live, JsonObject updated, IReadOnlyList<string> warnings)
    {
        var kind = request.Kind!;
        var name = request.Name;
        if (updated.Text("metadata", "uid") is { } uid && uid != live.Text("metadata", "uid"))
        {
            return ApiStatus.Conflict(kind, name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {live.Text("metadata", "uid")}");
        }

        var version = updated.Text("metadata", "resourceVersion");
        if (version is not null && version != live.Text("metadata", "resourceVersion"))
        {
            return ApiStatus.Conflict(kind, name);
        }

        if (version is null && kind is { Kind: "Lease" or "PodDisruptionBudget" } or { Extension: true })
        {
            // The server names the resource here, not the kind.
            return ApiStatus.Invalid(kind with { Kind = kind.Plural }, name, [FieldProblem.Invalid("metadata.resourceVersion", 0, "must be specified for an update")]);
        }

        updated = Settle(kind, live, updated, request.Subresource);
        ServerSideApply.Update(kind, live, updated, new FieldManager(request.FieldManager, "Update", kind.ApiVersion, request.Subresource), Now);
        return StoreChanged(request, live, updated, warnings);
    }

    private ApiReply Apply(ApiRequest request)
    {
        var kind = request.Kind!;
        if (request.Query["fieldManager"].ToString() is not { Length: > 0 } manager)
        {
            return new ApiStatus(422, "Invalid", "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch", new JsonObject
            {
                ["group"] = "meta.k8s.io",
                ["kind"] = "PatchOptions",
                ["causes"] = new JsonArray(new JsonObject { ["reason"] = "FieldValueRequired", ["message"] = "Required value: is required for apply patch", ["field"] = "fieldManager" }),
            });
        }

        var (body, duplicates, error) = FieldValidation.ReadJsonOrYaml(request.Body);
        if (body is null)
        {
            return ApiStatus.BadRequest("error decoding YAML: " + error);
        }

        if (MismatchOf(request, body) is { } mismatch)
        {
            return mismatch;
        }

        if (body.Dig("metadata", "managedFields") is not null)
        {
            return ApiStatus.BadRequest("metadata.managedFields must be nil");
        }

        var typed = $"failed to create typed patch object ({body.Text("metadata", "namespace")}/{body.Text("metadata", "name")}; {kind.ApiVersion}, Kind={kind.Kind}): ";
        if (FieldValidation.Unknown(kind.Schema, body) is [var first, ..])
        {
            return new ApiStatus(500, "", $"{typed}.{first}: field not declared in schema");
        }

        if (FieldValidation.DoubledItem(kind.Schema, body) is { } doubled)
        {
            return new ApiStatus(500, "", typed + doubled);
        }

        if (duplicates.Count > 0 && request.Query["fieldValidation"] == "Strict")
        {
            return ApiStatus.BadRequest("error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n" + string.Join('\n', duplicates.Select(d => $"  line 1: key \"{d.Split('.')[^1]}\" already set in map")));
        }

        var live = store.Get(kind, request.Namespace, request.Name);
        if (live is null && request.Subresource.Length > 0)
        {
            return ApiStatus.NotFound(kind, request.Name);
        }

        if (body.Text("metadata", "uid") is { } uid && uid != live.Text("metadata", "uid"))
        {
            return ApiStatus.Conflict(kind, request.Name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {live.Text("metadata", "uid")}");
        }

        if (body.Text("metadata", "resourceVersion") is { } version && version != live.Text("metadata", "resourceVersion"))
        {
            return ApiStatus.Conflict(kind, request.Name);
        }

        body.Make("metadata")["name"] = request.Name;
        if (kind.Namespaced)
        {
            body.Make("metadata")["namespace"] = request.Namespace;
        }

        var field = new FieldManager(manager, "Apply", kind.ApiVersion, request.Subresource);
        var onto = live ?? new JsonObject { ["apiVersion"] = kind.ApiVersion, ["kind"] = kind.Kind, ["metadata"] = new JsonObject() };
        var (applied, conflict) = ServerSideApply.Apply(kind, onto, body, field, request.Query["force"] == "true", Now);
        if (conflict is not null)
        {
            return conflict;
        }

        if (FieldValidation.WrongType(kind.Schema, applied) is { } wrong)
        {
            return ApiStatus.BadRequest($"{kind.Kind} in version \"{kind.Version}\" cannot be handled as a {kind.Kind}: {wrong}");
        }

        var shaped = Shape(kind, applied!);
        if (live is null)
        {
            if (kind.HasStatus)
            {
                shaped.Remove("status");
            }

            return StoreNew(request, Defaulted(kind, shaped), []);
        }

        var managed = shaped.Dig("metadata", "managedFields")?.DeepClone();
        shaped = Settle(kind, live, shaped, request.Subresource);
        shaped.Make("metadata")["managedFields"] = managed;
        return StoreChanged(request, live, shaped, []);
    }
}
