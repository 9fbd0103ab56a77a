using Ops.Dashboard.Features.Targets.Kubernetes.Inventory;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes;

/// <summary>What a cluster has to say about plans: fills in what is its own to say, and says which it takes. Pure over what the target says and the watches show.</summary>
internal static class ClusterPlans
{
    /// <summary>Fills in what is the target's to say, and checks the rest.</summary>
    /// <param name="settings">What the target says.</param>
    /// <param name="target">Its name.</param>
    /// <param name="plan">With what people chose.</param>
    /// <param name="sizeBytes">The size of its version's files.</param>
    public static Result<PlanSpec> Fill(ClusterSettings settings, string target, PlanSpec plan, long sizeBytes)
    {
        if (settings.ImageOf(plan.Runtime, plan.Resources.Gpus > 0) is not { } image)
        {
            return Failure.Invalid($"{target} names no image of {plan.Runtime}. An administrator adds one, by its digest, in the target's settings.", "target");
        }

        // The namespace and the image are the target's to say. Whoever names others all the same is told so, rather than given something else.
        var chosen = plan.Kubernetes ?? new() { Namespace = "", Image = "" };
        var named = plan with
        {
            Kubernetes = chosen with
            {
                Namespace = Or(chosen.Namespace, settings.Namespace),
                Image = Or(chosen.Image, image),
                CacheClaim = settings.CacheClaim,
                NodeSelector = new SortedDictionary<string, string>(chosen.NodeSelector.ToDictionary(), StringComparer.Ordinal),
            },
        };
        var filled = settings.Placement.Fill(named, sizeBytes);
        if (PlanGuard.Check(filled, settings.Namespace, settings.Registries) is { Failure: { } refused })
        {
            return refused;
        }

        return filled.Kubernetes!.Image == image ? filled : Failure.Invalid($"{target} runs {plan.Runtime} from {image}. An administrator says in its settings which image it is.", "image");

        static string Or(string named, string usual) => named.Length > 0 ? named : usual;
    }

    /// <summary>Checks whether nodes take a plan; see <see cref="IPlanFiller.CheckNodes"/>.</summary>
    public static Result<IReadOnlyList<string>> CheckNodes(PlanSpec plan, TargetInventory inventory, bool runs)
    {
        // No node has a label that cannot be; the label is to blame, not the nodes.
        if (plan.Kubernetes?.NodeSelector.Select(l => PlanGuard.CheckSelector(l.Key, l.Value).Failure).FirstOrDefault(f => f is not null) is { } wrong)
        {
            return wrong;
        }

        var verdicts = NodeFit.Check(plan, inventory.Nodes);
        var room = verdicts.Sum(v => v.Replicas);
        if (room >= plan.Replicas)
        {
            return Result.Of<IReadOnlyList<string>>([]);
        }

        if (room > 0)
        {
            return Result.Of<IReadOnlyList<string>>([$"There is room for {room} of {plan.Replicas} replicas now; the others wait until there is more."]);
        }

        const int Most = 3;
        var why = verdicts.Count == 0 ? "there is none now" : string.Join("; ", verdicts.Take(Most).Select(v => $"{v.Node} {v.Refusals[0]}")) + (verdicts.Count > Most ? $"; and {verdicts.Count - Most} more" : "");
        return inventory.Placement is { AddsNodes: true } ? Result.Of<IReadOnlyList<string>>([$"No node takes a replica now: {why}. Replicas wait until the cluster has added one that does."])
            : runs ? Result.Of<IReadOnlyList<string>>([$"No node takes a replica beside what runs now: {why}."])
            : Failure.Invalid($"No node takes a replica: {why}. Where the cluster adds nodes when they are needed, an administrator says so in the target's settings.", "nodes");
    }

    /// <summary>Checks a plan that was sealed before against what the target says now. What runs already goes on where it was approved for; nothing begins on nodes that the target no longer keeps to.</summary>
    /// <param name="cluster">Where.</param>
    /// <param name="endpoint">Whose.</param>
    /// <param name="planHash">The plan's hash.</param>
    /// <param name="plan">The plan.</param>
    public static Result CheckSealed(ICluster cluster, EndpointRef endpoint, string planHash, PlanSpec plan)
    {
        var allowed = PlanGuard.Check(plan, cluster.Settings.Namespace, cluster.Settings.Registries);
        return allowed.Succeeded && cluster.Find("Deployment", ObjectNames.Of(endpoint, planHash)) is null ? PlanGuard.CheckFilter(plan, cluster.Settings.Placement.NodeFilter) : allowed;
    }
}
