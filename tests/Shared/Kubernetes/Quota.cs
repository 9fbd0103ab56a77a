using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>Resource quotas: what may not be created any more, and what is used. Every member needs the store's gate.</summary>
internal sealed class Quota(ObjectStore store)
{
    /// <summary>Refuses an object that would go beyond a quota of its namespace; null to let it be.</summary>
    public ApiStatus? Refuse(ResourceKind kind, JsonObject item)
    {
        var space = item.Text("metadata", "namespace") ?? "";
        foreach (var quota in space.Length == 0 ? [] : store.List(ResourceKind.ResourceQuota, space).ToList())
        {
            var name = quota.Text("metadata", "name");
            var asked = Uses(kind, item);
            var hard = quota.Object("spec", "hard") ?? [];
            if (kind == ResourceKind.Pod && hard.Select(h => h.Key).Where(k => k is "requests.cpu" or "requests.memory" or "limits.cpu" or "limits.memory" or "cpu" or "memory").Where(k => !asked.ContainsKey(k)).ToList() is { Count: > 0 } missing)
            {
                return ApiStatus.Forbidden(kind, item.Text("metadata", "name")!, $"failed quota: {name}: must specify {string.Join(',', missing)} for: {string.Join(',', item.Items("spec", "containers").Select(c => c.Text("name")))}");
            }

            var used = Used(quota);
            var over = hard.Where(h => asked.TryGetValue(h.Key, out var more) && used.GetValueOrDefault(h.Key) + more > Quantity.Milli(h.Value.Text())).OrderBy(h => h.Key, StringComparer.Ordinal).ToList();
            if (over.Count > 0)
            {
                string Show(Func<KeyValuePair<string, JsonNode?>, string> value) => string.Join(',', over.Select(h => $"{h.Key}={value(h)}"));
                return ApiStatus.Forbidden(kind, item.Text("metadata", "name")!,
                    $"exceeded quota: {name}, requested: {Show(h => Quantity.OfMilli(asked[h.Key]))}, used: {Show(h => Quantity.OfMilli(used.GetValueOrDefault(h.Key)))}, limited: {Show(h => Quantity.Canonical(h.Value.Text()!))}");
            }
        }

        return null;
    }

    /// <summary>Writes what is used into each quota's status.</summary>
    public void Count(ClusterWrites writes)
    {
        foreach (var quota in store.List(ResourceKind.ResourceQuota).ToList())
        {
            var used = Used(quota);
            writes.Update(ResourceKind.ResourceQuota, quota, "kube-controller-manager", q =>
            {
                q.Make("status")["hard"] = q.Object("spec", "hard")?.DeepClone();
                q.Make("status")["used"] = new JsonObject((q.Object("spec", "hard") ?? []).Select(h => KeyValuePair.Create(h.Key, (JsonNode?)Quantity.OfMilli(used.GetValueOrDefault(h.Key)))));
            }, "status");
        }
    }

    private Dictionary<string, long> Used(JsonObject quota)
    {
        var sum = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var kind in ResourceKind.All.Where(k => k.Namespaced))
        {
            foreach (var (resource, amount) in store.List(kind, quota.Text("metadata", "namespace")!).Where(i => kind != ResourceKind.Pod || !PodFacts.IsOver(i)).SelectMany(i => Uses(kind, i)))
            {
                sum[resource] = sum.GetValueOrDefault(resource) + amount;
            }
        }

        return sum;
    }

    private static Dictionary<string, long> Uses(ResourceKind kind, JsonObject item)
    {
        var uses = new Dictionary<string, long>(StringComparer.Ordinal) { [$"count/{kind.GroupResource}"] = 1000, [kind.Plural] = 1000 };
        foreach (var list in kind == ResourceKind.Pod ? (string[])["requests", "limits"] : [])
        {
            foreach (var (name, amount) in item.Items("spec", "containers").SelectMany(c => c.Object("resources", list) ?? []))
            {
                var milli = Quantity.Milli(amount.Text());
                uses[$"{list}.{name}"] = uses.GetValueOrDefault($"{list}.{name}") + milli;
                if (list == "requests")
                {
                    uses[name] = uses.GetValueOrDefault(name) + milli;
                }
            }
        }

        return uses;
    }
}
