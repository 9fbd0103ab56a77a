using System.Text.RegularExpressions;
using k8s.Models;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Objects;

/// <summary>
/// Refuses plans that would leave the place they were given. The plan command asks it, and so does every apply: what is in the registry may have
/// been put there by something else.
/// </summary>
internal static partial class PlanGuard
{
    // Labels that a platform gives to nodes and that choosing by is harmless. Roles of the control plane are not among them.
    private static readonly string[] PlatformLabels = ["kubernetes.io/arch", "kubernetes.io/os", "kubernetes.io/hostname"];
    private static readonly string[] PlatformPrefixes = ["topology.kubernetes.io/", "node.kubernetes.io/"];
    private static readonly string[] GpuVendors = ["nvidia.com/", "amd.com/", "gpu.intel.com/", "intel.com/", "habana.ai/"];

    /// <summary>Checks a plan against its target.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="targetNamespace">The one namespace of the target.</param>
    /// <param name="registries">Places that images may come from; none of them, no image.</param>
    public static Result Check(PlanSpec plan, string targetNamespace, IReadOnlyCollection<string> registries)
    {
        if (plan.Kubernetes is not { } kubernetes)
        {
            return Failure.Invalid("The plan was made for a target of another kind. Plan it anew.", "target");
        }

        if (Names.Check(plan.Endpoint, "endpoint") is { Succeeded: false } name)
        {
            return name;
        }

        if (kubernetes.Namespace != targetNamespace)
        {
            return Failure.Invalid($"The plan is for the namespace {NodeLabels.Shown(kubernetes.Namespace)}, the target is {targetNamespace}. Plan it anew.", "target");
        }

        var image = ImageReference.Parse(kubernetes.Image);
        if (!image.Succeeded)
        {
            return image.Failure;
        }

        if (!image.Value.IsFrom(registries))
        {
            return Failure.Invalid($"Images from {image.Value.Registry} are not allowed on this target. An administrator says in its settings which are.", "image");
        }

        return First(
            kubernetes.NodeSelector.Select(label => CheckSelector(label.Key, label.Value)),
            plan.Nodes.Select(CheckNode),
            CheckPlacement(kubernetes),
            [CheckGpu(plan), CheckHostname(kubernetes.Hostname), CheckClaim(kubernetes.CacheClaim, "target"), CheckAutoscaling(kubernetes.Autoscaling), EnvironmentVariableRules.Check(plan.EnvironmentVariables)]);
    }

    /// <summary>Checks the name of a PersistentVolumeClaim; null for none.</summary>
    public static Result CheckClaim(string? name, string field) =>
        name is null || NodeLabels.IsObjectName(name) ? Result.Done : Failure.Invalid("Name a claim of the namespace, such as model-cache: lower-case letters, digits, hyphens and dots.", field);

    /// <summary>Checks a label that nodes are chosen by.</summary>
    public static Result CheckSelector(string name, string value)
    {
        const string Field = "nodeSelector";
        if (NodeLabels.Check(name, value) is { Failure: { } wrong })
        {
            return wrong with { Field = Field };
        }

        return NodeLabels.IsReserved(name) && !PlatformLabels.Contains(name, StringComparer.Ordinal) && !PlatformPrefixes.Any(p => name.StartsWith(p, StringComparison.Ordinal))
            ? Failure.Invalid($"{name} belongs to Kubernetes itself and cannot be chosen by.", Field)
            : Result.Done;
    }

    /// <summary>Checks that a plan keeps to the nodes that its target keeps to now, before anything of it runs.</summary>
    /// <param name="plan">The plan; it may have been sealed when the target said something else.</param>
    /// <param name="filter">The labels of the target's nodes.</param>
    public static Result CheckFilter(PlanSpec plan, IReadOnlyDictionary<string, string> filter) =>
        filter.All(label => plan.Kubernetes?.NodeFilter.GetValueOrDefault(label.Key) == label.Value)
            ? Result.Done
            : Failure.Invalid($"The plan was made before its target kept to nodes with {string.Join(", ", filter.Select(l => $"{l.Key}={l.Value}"))}. Plan it anew.", "target");

    private static IEnumerable<Result> CheckPlacement(PlanKubernetes kubernetes)
    {
        foreach (var (name, value) in kubernetes.NodeFilter)
        {
            yield return CheckSelector(name, value) is { Failure: { } wrong } ? wrong with { Field = "target" } : Result.Done;
            yield return kubernetes.NodeSelector.TryGetValue(name, out var chosen) && chosen != value
                ? Failure.Invalid($"This target uses only nodes with {name}={value}, so none with {name}={chosen}.", "nodeSelector")
                : Result.Done;
        }

        foreach (var toleration in kubernetes.Tolerations)
        {
            yield return Taints.Check(toleration);
        }

        yield return CheckClass(kubernetes.RuntimeClass, "runtime class", "target");
        yield return CheckPriority(kubernetes.PriorityClass, "target");
    }

    /// <summary>Checks the name of a class of the cluster; null for none.</summary>
    public static Result CheckClass(string? name, string what, string field) =>
        name is null || NodeLabels.IsDomain(name) ? Result.Done : Failure.Invalid($"'{NodeLabels.Shown(name)}' is no name of a {what}: lower-case letters, digits, hyphens and dots.", field);

    /// <summary>Checks the name of a PriorityClass; those of the cluster's own parts would drive them away.</summary>
    public static Result CheckPriority(string? name, string field) => name?.StartsWith("system-", StringComparison.Ordinal) == true
        ? Failure.Invalid("Priority classes that begin with system- belong to the cluster itself. Make one for models and name it here.", field)
        : CheckClass(name, "priority class", field);

    private static Result CheckNode(string node) =>
        NodeLabels.IsDomain(node) ? Result.Done : Failure.Invalid($"'{NodeLabels.Shown(node)}' is no name of a node.", "nodes");

    private static Result CheckGpu(PlanSpec plan)
    {
        var resource = plan.Kubernetes!.GpuResource;
        return plan.Resources.Gpus == 0 || (GpuVendors.Any(v => resource.StartsWith(v, StringComparison.Ordinal)) && CheckSelector(resource, "").Succeeded)
            ? Result.Done
            : Failure.Invalid($"'{NodeLabels.Shown(resource)}' is no resource of GPUs that is known here, such as nvidia.com/gpu.", "gpuResource");
    }

    private static Result CheckHostname(string? hostname) =>
        hostname is null || NodeLabels.IsDomain(hostname.StartsWith("*.", StringComparison.Ordinal) ? hostname[2..] : hostname)
            ? Result.Done
            : Failure.Invalid("A host name has lower-case letters, digits, hyphens and dots.", "hostname");

    private static Result CheckAutoscaling(PlanAutoscaling? autoscaling)
    {
        const string Field = "autoscaling";
        if (autoscaling is null)
        {
            return Result.Done;
        }

        if (autoscaling.MinReplicas < 1 || autoscaling.MaxReplicas < autoscaling.MinReplicas || autoscaling.MaxReplicas > 64)
        {
            return Failure.Invalid("Scale between 1 and 64 replicas, the most not below the fewest.", Field);
        }

        if (autoscaling.CpuPercent is < 1 or > 1000 || autoscaling.MemoryPercent is < 1 or > 1000)
        {
            return Failure.Invalid("A goal of CPU or memory is 1 to 1,000 percent of what is requested.", Field);
        }

        if (autoscaling is { CpuPercent: null, MemoryPercent: null, PodMetric: null })
        {
            return Failure.Invalid("Say what to scale by: CPU, memory, or a metric of the pods.", Field);
        }

        return autoscaling.PodMetric is null || (MetricName().IsMatch(autoscaling.PodMetric) && IsQuantity(autoscaling.PodMetricAverage))
            ? Result.Done
            : Failure.Invalid("A metric of the pods needs its name and the goal of its mean, such as 20 or 500m.", Field);
    }

    private static bool IsQuantity(string? text)
    {
        if (string.IsNullOrEmpty(text) || text.Length > 32)
        {
            return false;
        }

        try
        {
            return new ResourceQuantity(text).ToDecimal() > 0;
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or OverflowException)
        {
            return false;
        }
    }

    private static Result First(params IEnumerable<Result>[] groups) => groups.SelectMany(g => g).FirstOrDefault(r => !r.Succeeded);

    [GeneratedRegex(@"\A[A-Za-z_:][A-Za-z0-9_:./-]{0,127}\z")]
    private static partial Regex MetricName();
}
