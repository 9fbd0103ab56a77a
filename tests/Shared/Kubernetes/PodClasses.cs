using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>What the API does at a pod's creation about the classes it names: those that are not there are refused, the others fill in what they stand for. Every member needs the store's gate.</summary>
internal sealed class PodClasses(ObjectStore store)
{
    /// <summary>Refuses a pod whose classes are not there; null to let it be.</summary>
    public ApiStatus? Refuse(ResourceKind kind, JsonObject item)
    {
        if (kind != ResourceKind.Pod)
        {
            return null;
        }

        var (spec, name) = (item.Make("spec"), item.Text("metadata", "name")!);
        JsonObject? priority = null;
        if (spec.Text("priorityClassName") is { Length: > 0 } wanted)
        {
            priority = Find(ResourceKind.PriorityClass, wanted);
            if (priority is null)
            {
                return ApiStatus.Forbidden(kind, name, $"no PriorityClass with name {wanted} was found");
            }
        }

        spec["priority"] = priority?.Number("value") ?? 0;
        spec["preemptionPolicy"] = priority?.Text("preemptionPolicy") ?? "PreemptLowerPriority";

        if (spec.Text("runtimeClassName") is { } runtime)
        {
            if (Find(ResourceKind.RuntimeClass, runtime) is not { } found)
            {
                return ApiStatus.Forbidden(kind, name, $"pod rejected: RuntimeClass \"{runtime}\" not found");
            }

            if (found.Object("overhead", "podFixed") is { } overhead)
            {
                spec["overhead"] = overhead.DeepClone();
            }
        }

        return null;
    }

    private JsonObject? Find(ResourceKind kind, string name) => store.List(kind).FirstOrDefault(c => c.Text("metadata", "name") == name);
}
