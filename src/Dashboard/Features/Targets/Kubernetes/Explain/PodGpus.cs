using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Inventory;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Explain;

/// <summary>The GPUs that a pod holds. Pure.</summary>
internal static class PodGpus
{
    /// <summary>In a few words; null for none, and as long as it is on no node, since until then it only asks.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="node">Its node, whose labels say what they are; null where nodes may not be read.</param>
    public static string? Of(V1Pod pod, V1Node? node)
    {
        if (string.IsNullOrEmpty(pod.Spec?.NodeName))
        {
            return null;
        }

        var labels = node?.Metadata.Labels?.AsReadOnly() ?? (IReadOnlyDictionary<string, string>)new Dictionary<string, string>();
        var held = pod.Spec.Containers?
            .SelectMany(c => c.Resources?.Limits ?? c.Resources?.Requests ?? new Dictionary<string, ResourceQuantity>())
            .Where(r => GpuPools.IsGpu(r.Key))
            .GroupBy(r => r.Key, StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => GpuWords.Of((int)g.Sum(r => r.Value.ToDecimal()), g.Key, GpuPools.NameOf(g.Key, labels) is { } name ? [name] : []))
            .OfType<string>();
        return string.Join(", ", held ?? []) is { Length: > 0 } words ? words : null;
    }
}
