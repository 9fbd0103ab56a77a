using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>How controllers change objects: as field managers of their own, and only when something changes. Every member needs the store's gate.</summary>
internal sealed class ClusterWrites(KubernetesDouble owner)
{
    /// <summary>Now, as the API writes moments.</summary>
    public string Now => owner.Writer.Now;

    /// <summary>Creates an object through admission and validation.</summary>
    /// <returns>The refusal, or null.</returns>
    public string? Create(ResourceKind kind, JsonObject item, string manager)
    {
        var reply = owner.Writer.Create(Request(kind, item, manager, "") with { Method = "POST", Name = "", Body = System.Text.Encoding.UTF8.GetBytes(item.ToJsonString(Json.Plain)) });
        return reply.Code < 300 ? null : reply.Body.Text("message");
    }

    /// <summary>Changes an object or its status.</summary>
    /// <returns>The object as it is now.</returns>
    public JsonObject Update(ResourceKind kind, JsonObject live, string manager, Action<JsonObject> change, string subresource = "")
    {
        var updated = live.Copy();
        change(updated);
        var reply = owner.Writer.Update(Request(kind, live, manager, subresource), live, updated, []);
        return reply.Code < 300 ? reply.Body : throw new InvalidOperationException(reply.Body.Text("message"));
    }

    /// <summary>Records an event about an object, or counts it once more.</summary>
    public void Event(ResourceKind kind, JsonObject about, string type, string reason, string message, string component)
    {
        var space = about.Text("metadata", "namespace") ?? "default";
        var uid = about.Text("metadata", "uid");
        var same = owner.Store.List(ResourceKind.Event, space).FirstOrDefault(e => e.Text("involvedObject", "uid") == uid && e.Text("reason") == reason && e.Text("message") == message);
        if (same is not null)
        {
            Update(ResourceKind.Event, same, component, e =>
            {
                e["count"] = (e.Number("count") ?? 1) + 1;
                e["lastTimestamp"] = Now;
            });
            return;
        }

        var name = about.Text("metadata", "name")!;
        Create(ResourceKind.Event, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Event",
            ["metadata"] = new JsonObject { ["name"] = $"{name}.{owner.Store.Version:x16}", ["namespace"] = space },
            ["involvedObject"] = new JsonObject { ["kind"] = kind.Kind, ["namespace"] = space, ["name"] = name, ["uid"] = uid, ["apiVersion"] = kind.ApiVersion, ["resourceVersion"] = about.Text("metadata", "resourceVersion") },
            ["reason"] = reason,
            ["message"] = message,
            ["source"] = new JsonObject { ["component"] = component },
            ["firstTimestamp"] = Now,
            ["lastTimestamp"] = Now,
            ["count"] = 1,
            ["type"] = type,
            ["reportingComponent"] = component,
        }, component);
    }

    private static ApiRequest Request(ResourceKind kind, JsonObject item, string manager, string subresource) =>
        new("PUT", "", new Microsoft.AspNetCore.Http.QueryCollection(new Dictionary<string, Microsoft.Extensions.Primitives.StringValues> { ["fieldManager"] = manager, ["fieldValidation"] = "Strict" }), manager)
        {
            Kind = kind,
            Namespace = item.Text("metadata", "namespace") ?? "",
            Name = item.Text("metadata", "name") ?? "",
            Subresource = subresource,
        };
}

/// <summary>Conditions of a status.</summary>
internal static class Conditions
{
    /// <summary>The condition of a type, or null.</summary>
    public static JsonObject? Find(JsonObject item, string type) => item.Items("status", "conditions").FirstOrDefault(c => c.Text("type") == type);

    /// <summary>Sets a condition; its transition time moves with its status alone.</summary>
    public static void Set(JsonObject item, string type, string status, string reason, string message, string now, bool updateTime = false)
    {
        var conditions = item.Make("status")["conditions"] as JsonArray;
        if (conditions is null)
        {
            item.Make("status")["conditions"] = conditions = [];
        }

        var condition = Find(item, type);
        if (condition is null)
        {
            conditions.Add(condition = new JsonObject { ["type"] = type });
        }

        if (condition.Text("status") != status)
        {
            condition["status"] = status;
            condition["lastTransitionTime"] = now;
        }

        if (updateTime && (condition.Text("reason") != reason || condition.Text("message") != message || condition.Text("lastUpdateTime") is null))
        {
            condition["lastUpdateTime"] = now;
        }

        Put(condition, "reason", reason);
        Put(condition, "message", message);
    }

    /// <summary>Takes a condition away.</summary>
    public static void Remove(JsonObject item, string type)
    {
        if (Find(item, type) is { } condition)
        {
            ((JsonArray)item["status"]!["conditions"]!).Remove(condition);
        }
    }

    private static void Put(JsonObject condition, string name, string value)
    {
        if (value.Length == 0)
        {
            condition.Remove(name);
        }
        else
        {
            condition[name] = value;
        }
    }
}
