using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>The steps that every write goes through.</summary>
internal sealed partial class ObjectWriter
{
    private const string SafeLetters = "bcdfghjklmnpqrstvwxz2456789";

    /// <summary>Five letters for a generated name.</summary>
    public static string Suffix() => RandomNumberGenerator.GetString(SafeLetters, 5);

    private static (JsonObject? Body, List<string> Warnings, ApiStatus? Refusal) Read(ApiRequest request)
    {
        var kind = request.Kind!;
        var (body, duplicates, error) = FieldValidation.Read(request.Body);
        if (body is null)
        {
            return (null, [], ApiStatus.BadRequest($"the object provided is unrecognized (must be of type {kind.Kind}): {error}"));
        }

        if (FieldValidation.WrongType(kind.Schema, body) is { } wrong)
        {
            return (null, [], ApiStatus.BadRequest($"{kind.Kind} in version \"{kind.Version}\" cannot be handled as a {kind.Kind}: {wrong}"));
        }

        List<string> strict = [.. duplicates.Select(d => $"duplicate field \"{d}\""), .. FieldValidation.Unknown(kind.Schema, body).Select(u => $"unknown field \"{u}\"")];
        return strict.Count == 0 || request.Query["fieldValidation"] == "Ignore" ? (body, [], null)
            : request.Query["fieldValidation"] == "Strict"
                ? (null, [], ApiStatus.BadRequest($"{kind.Kind} in version \"{kind.Version}\" cannot be handled as a {kind.Kind}: strict decoding error: {string.Join(", ", strict)}"))
                : (body, strict, null);
    }

    // The path and the body must agree on what is written.
    private static ApiStatus? MismatchOf(ApiRequest request, JsonObject body)
    {
        var kind = request.Kind!;
        if (body.Text("apiVersion") != kind.ApiVersion || body.Text("kind") != kind.Kind)
        {
            return ApiStatus.BadRequest(body.Text("kind") is null
                ? "Object 'Kind' is missing"
                : $"the API version in the data ({body.Text("apiVersion")}/{body.Text("kind")}) does not match the expected API version ({kind.ApiVersion}/{kind.Kind})");
        }

        if (body.Text("metadata", "name") is { } name && name != request.Name)
        {
            return ApiStatus.BadRequest($"the name of the object ({name}) does not match the name on the URL ({request.Name})");
        }

        return body.Text("metadata", "namespace") is { } space && space != request.Namespace
            ? ApiStatus.BadRequest("the namespace of the provided object does not match the namespace sent on the request")
            : null;
    }

    private static JsonObject Shape(ResourceKind kind, JsonObject given)
    {
        var shaped = (JsonObject)FieldValidation.Normalize(kind.Schema, given, typed: !kind.Extension)!;
        var ordered = new JsonObject { ["kind"] = kind.Kind, ["apiVersion"] = kind.ApiVersion };
        shaped.Remove("kind");
        shaped.Remove("apiVersion");
        foreach (var (name, value) in shaped)
        {
            ordered[name] = value?.DeepClone();
        }

        return ordered;
    }

    private static JsonObject Defaulted(ResourceKind kind, JsonObject item)
    {
        ObjectDefaults.Fill(kind, item);
        return item;
    }

    // What an update may not touch stays as it is: the server's metadata, the status or everything but the status.
    private static JsonObject Settle(ResourceKind kind, JsonObject live, JsonObject updated, string subresource)
    {
        JsonObject result;
        if (subresource == "status")
        {
            result = live.Copy();
            result["status"] = updated["status"]?.DeepClone();

            // Annotations may change together with the status; the Deployment controller writes the revision so.
            result.Make("metadata").Remove("annotations");
            if (updated.Dig("metadata", "annotations") is { } annotations)
            {
                result.Make("metadata")["annotations"] = annotations.DeepClone();
            }

            if (updated["status"] is null)
            {
                result.Remove("status");
            }
        }
        else
        {
            result = updated.Copy();
            if (kind.HasStatus)
            {
                result.Remove("status");
                if (live["status"] is { } status)
                {
                    result["status"] = status.DeepClone();
                }
            }

            if (kind.Kind == "Service" && live.Text("spec", "clusterIP") is { } address && result.Text("spec", "clusterIP") is null)
            {
                result.Make("spec")["clusterIP"] = address;
                result.Make("spec")["clusterIPs"] = new JsonArray(address);
            }

            Defaulted(kind, result);
        }

        var metadata = result.Make("metadata");
        foreach (var field in (string[])["uid", "creationTimestamp", "generation", "resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "namespace", "name", "generateName", "managedFields"])
        {
            metadata.Remove(field);
            if (live.Dig("metadata", field) is { } kept)
            {
                metadata[field] = kept.DeepClone();
            }
        }

        return result;
    }

    private ApiReply StoreNew(ApiRequest request, JsonObject item, IReadOnlyList<string> warnings)
    {
        var kind = request.Kind!;
        if (kind.Namespaced)
        {
            if (store.Get(ResourceKind.Namespace, "", request.Namespace) is not { } space)
            {
                return ApiStatus.NotFound(ResourceKind.Namespace, request.Namespace);
            }

            if (space.Text("metadata", "deletionTimestamp") is not null)
            {
                return ApiStatus.Forbidden(kind, item.Text("metadata", "name")!, $"unable to create new content in namespace {request.Namespace} because it is being terminated");
            }
        }

        var metadata = item.Make("metadata");
        foreach (var field in (string[])["resourceVersion", "deletionTimestamp", "selfLink"])
        {
            metadata.Remove(field);
        }

        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = Now;
        if (kind.Namespaced)
        {
            metadata["namespace"] = request.Namespace;
        }

        if (kind.HasGeneration)
        {
            metadata["generation"] = 1;
        }

        if (kind.Kind == "Pod" && item.Object("status") is null or { Count: 0 })
        {
            item["status"] = new JsonObject { ["phase"] = "Pending", ["qosClass"] = "Burstable" };
        }

        if (kind.Kind == "Service" && item.Text("spec", "type") != "ExternalName" && item.Text("spec", "clusterIP") is null)
        {
            var number = store.Version % 65000;
            item.Make("spec")["clusterIP"] = $"10.96.{number / 250}.{(number % 250) + 1}";
            item.Make("spec")["clusterIPs"] = new JsonArray(item.Text("spec", "clusterIP"));
        }

        if (ObjectValidation.Check(kind, item, null) is { Count: > 0 } problems)
        {
            return ApiStatus.Invalid(kind, item.Text("metadata", "name")!, problems);
        }

        if (Admission?.Invoke(kind, item) is { } refusal)
        {
            return refusal;
        }

        return new ApiReply(201, request.IsDryRun ? item : store.Put(kind, item)) { Warnings = warnings };
    }

    private ApiReply StoreChanged(ApiRequest request, JsonObject live, JsonObject updated, IReadOnlyList<string> warnings)
    {
        var kind = request.Kind!;
        if (kind.HasGeneration && (!JsonNode.DeepEquals(live["spec"], updated["spec"]) || (kind.Kind == "Deployment" && request.Subresource != "status" && !JsonNode.DeepEquals(live.Dig("metadata", "annotations"), updated.Dig("metadata", "annotations")))))
        {
            updated.Make("metadata")["generation"] = (live.Number("metadata", "generation") ?? 0) + 1;
        }

        if (request.Subresource != "status" && ObjectValidation.Check(kind, updated, live) is { Count: > 0 } problems)
        {
            return ApiStatus.Invalid(kind, request.Name, problems);
        }

        if (request.IsDryRun)
        {
            return new ApiReply(200, updated) { Warnings = warnings };
        }

        // Nothing but the time of the bookkeeping changed: nothing is written.
        if (JsonNode.DeepEquals(Timeless(live), Timeless(updated)))
        {
            return new ApiReply(200, live) { Warnings = warnings };
        }

        if (updated.Text("metadata", "deletionTimestamp") is not null && updated.Dig("metadata", "finalizers") is null or JsonArray { Count: 0 } && kind.Kind is not ("Pod" or "Namespace"))
        {
            store.Remove(kind, live);
            return new ApiReply(200, updated) { Warnings = warnings };
        }

        return new ApiReply(200, store.Put(kind, updated)) { Warnings = warnings };
    }

    private static JsonObject Timeless(JsonObject item)
    {
        var copy = item.Copy();
        foreach (var entry in copy.Items("metadata", "managedFields"))
        {
            entry.Remove("time");
        }

        return copy;
    }
}
