using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>What the smaller controllers do: garbage collection, ends of namespaces, counts of disruption budgets, acceptance of routes.</summary>
internal sealed class Housekeeping(KubernetesDouble owner, ClusterWrites writes)
{
    private const string Manager = "kube-controller-manager";
    private ObjectStore Store => owner.Store;

    /// <summary>Collects garbage and empties namespaces that are going.</summary>
    public void Run()
    {
        foreach (var space in Store.List(ResourceKind.Namespace).Where(PodFacts.IsTerminating).ToList())
        {
            var name = space.Text("metadata", "name")!;
            var content = ResourceKind.All.Where(k => k.Namespaced).SelectMany(k => Store.List(k, name).Select(i => (Kind: k, Item: i))).ToList();
            content.Where(c => !PodFacts.IsTerminating(c.Item)).ToList().ForEach(c => owner.Api.Deleter.Delete(c.Kind, c.Item, "Background", c.Kind.Kind == "Pod" ? null : 0));
            if (content.Count == 0)
            {
                Store.Remove(ResourceKind.Namespace, space);
            }
        }

        var living = ResourceKind.All.SelectMany(k => Store.List(k)).Select(i => i.Text("metadata", "uid")!).ToHashSet(StringComparer.Ordinal);
        foreach (var kind in ResourceKind.All.Where(k => k.Namespaced))
        {
            foreach (var item in Store.List(kind).Where(i => i.Dig("metadata", "ownerReferences") is JsonArray { Count: > 0 }).ToList())
            {
                if (!PodFacts.IsTerminating(item) && item.Items("metadata", "ownerReferences").All(r => !living.Contains(r.Text("uid") ?? "")))
                {
                    owner.Api.Deleter.Delete(kind, item, "Background", null);
                }
            }

            foreach (var item in Store.List(kind).Where(PodFacts.IsTerminating).ToList())
            {
                Finish(kind, item);
            }
        }
    }

    /// <summary>Counts disruption budgets and accepts routes.</summary>
    public void Count()
    {
        foreach (var budget in Store.List(ResourceKind.PodDisruptionBudget).ToList())
        {
            Count(budget);
        }

        foreach (var route in Store.List(GatewayKinds.HttpRoute).ToList())
        {
            Accept(route);
        }
    }

    // Foreground: dependents go first. Orphan: dependents lose their owner.
    private void Finish(ResourceKind kind, JsonObject item)
    {
        var finalizers = (item.Dig("metadata", "finalizers") as JsonArray ?? []).Select(f => f.Text() ?? "").ToList();
        var dependents = ResourceKind.All.Where(k => k.Namespaced).SelectMany(k => Store.List(k, item.Text("metadata", "namespace")!).Select(i => (Kind: k, Item: i)))
            .Where(d => d.Item.Items("metadata", "ownerReferences").Any(r => r.Text("uid") == item.Text("metadata", "uid"))).ToList();
        if (finalizers.Contains("foregroundDeletion"))
        {
            dependents.Where(d => !PodFacts.IsTerminating(d.Item)).ToList().ForEach(d => owner.Api.Deleter.Delete(d.Kind, d.Item, "Foreground", null));
            if (dependents.Count == 0)
            {
                Release(kind, item, "foregroundDeletion");
            }
        }
        else if (finalizers.Contains("orphan"))
        {
            foreach (var (dependent, orphan) in dependents)
            {
                writes.Update(dependent, orphan, Manager, o => o.Make("metadata").Remove("ownerReferences"));
            }

            Release(kind, item, "orphan");
        }
    }

    private void Release(ResourceKind kind, JsonObject item, string finalizer)
    {
        var rest = ((JsonArray)item.Dig("metadata", "finalizers")!).Select(f => f.Text() ?? "").Where(f => f != finalizer).ToList();
        if (rest.Count == 0)
        {
            Store.Remove(kind, item);
        }
        else
        {
            writes.Update(kind, item, Manager, i => i.Make("metadata")["finalizers"] = new JsonArray([.. rest.Select(f => (JsonNode)f)]));
        }
    }

    private void Count(JsonObject budget)
    {
        var space = budget.Text("metadata", "namespace")!;
        var selector = Selectors.ParseObject(budget.Object("spec", "selector"));
        var pods = Store.List(ResourceKind.Pod, space).Where(p => selector.Matches(p.Object("metadata", "labels")) && !PodFacts.IsOver(p)).ToList();
        var healthy = pods.Count(PodFacts.IsReady);
        var sets = Store.List(ResourceKind.ReplicaSet, space).Where(s => pods.Exists(p => PodFacts.IsControlledBy(p, s))).ToList();
        var deployments = Store.List(ResourceKind.Deployment, space).Where(d => sets.Exists(s => PodFacts.IsControlledBy(s, d))).ToList();
        var expected = deployments.Count > 0 ? (int)deployments.Sum(d => d.Number("spec", "replicas") ?? 1) : pods.Count;
        var desired = budget.Text("spec", "minAvailable") is { } minimum ? Part(minimum, expected) : Math.Max(0, expected - Part(budget.Text("spec", "maxUnavailable") ?? "0", expected));
        writes.Update(ResourceKind.PodDisruptionBudget, budget, Manager, b =>
        {
            var status = b.Make("status");
            status["observedGeneration"] = b.Number("metadata", "generation") ?? 1;
            status["expectedPods"] = expected;
            status["currentHealthy"] = healthy;
            status["desiredHealthy"] = desired;
            status["disruptionsAllowed"] = expected <= 0 ? 0 : Math.Max(0, healthy - desired);
            var enough = healthy > desired;
            Conditions.Set(b, "DisruptionAllowed", enough ? "True" : "False", enough ? "SufficientPods" : "InsufficientPods", "", writes.Now);
        }, "status");
    }

    private void Accept(JsonObject route)
    {
        var generation = route.Number("metadata", "generation") ?? 1;
        var parents = route.Items("spec", "parentRefs")
            .Where(p => Store.Get(GatewayKinds.Gateway, p.Text("namespace") ?? route.Text("metadata", "namespace")!, p.Text("name") ?? "") is not null)
            .Select(p =>
            {
                var conditions = ((string[])["Accepted", "ResolvedRefs"]).Select(t => (JsonNode)new JsonObject { ["type"] = t, ["status"] = "True", ["reason"] = t, ["message"] = "", ["observedGeneration"] = generation, ["lastTransitionTime"] = route.Text("metadata", "creationTimestamp") });
                return (JsonNode)new JsonObject { ["parentRef"] = p.DeepClone(), ["controllerName"] = "example.com/gateway-controller", ["conditions"] = new JsonArray([.. conditions]) };
            }).ToList();
        if (parents.Count > 0)
        {
            writes.Update(GatewayKinds.HttpRoute, route, "gateway-controller", r => r.Make("status")["parents"] = new JsonArray([.. parents]), "status");
        }
    }

    private static int Part(string text, int of) => text.EndsWith('%') ? (int)Math.Ceiling(int.Parse(text[..^1]) * of / 100.0) : int.Parse(text);
}
