using System.Globalization;
using k8s.Models;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Inventory;

/// <summary>
/// The GPUs of a node by resource. Product and memory are read from labels: of NVIDIA's GPU feature discovery, AMD's node labeller and Intel's
/// device plugins.
/// </summary>
internal static class GpuPools
{
    private const long MiB = 1024 * 1024;
    private const string Mig = "nvidia.com/mig-";

    /// <summary>Whether a resource counts GPUs or parts of them. (Others of the same vendors, such as <c>nvidia.com/gpu.count</c>, are labels.)</summary>
    public static bool IsGpu(string resource) =>
        resource is "nvidia.com/gpu" or "nvidia.com/gpu.shared" or "amd.com/gpu" or "intel.com/gpu" or "gpu.intel.com/i915" or "gpu.intel.com/xe" or "habana.ai/gaudi" or "habana.ai/goya"
        || resource.StartsWith(Mig, StringComparison.Ordinal);

    /// <summary>Reads them, ordered by resource.</summary>
    /// <param name="capacity">What the node has.</param>
    /// <param name="allocatable">What of it works and can be promised.</param>
    /// <param name="labels">Its labels.</param>
    /// <param name="promised">What its pods were promised.</param>
    public static IReadOnlyList<NodeGpuPool> Read(
        IDictionary<string, ResourceQuantity>? capacity, IDictionary<string, ResourceQuantity>? allocatable, IReadOnlyDictionary<string, string> labels, IReadOnlyDictionary<string, decimal> promised)
    {
        List<NodeGpuPool> pools = [];
        foreach (var resource in (capacity?.Keys ?? []).Concat(allocatable?.Keys ?? []).Where(IsGpu).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var works = Count(allocatable ?? capacity, resource);
            var all = Math.Max(works, Count(capacity, resource));
            if (all > 0)
            {
                pools.Add(new(resource, Product(resource, labels), Memory(resource, labels), works, Math.Max(0, works - (int)promised.GetValueOrDefault(resource))) { Capacity = all });
            }
        }

        return pools;
    }

    /// <summary>What the labels of a node call the GPUs of a resource; null when they do not say it.</summary>
    public static string? NameOf(string resource, IReadOnlyDictionary<string, string> labels) => resource.Split('/')[0] switch
    {
        // With the strategy "mixed" each profile has labels of its own, as nvidia.com/mig-1g.10gb.product.
        "nvidia.com" => labels.GetValueOrDefault($"{resource}.product") ?? labels.GetValueOrDefault("nvidia.com/gpu.product"),
        "amd.com" => labels.GetValueOrDefault("amd.com/gpu.product-name") ?? labels.GetValueOrDefault("beta.amd.com/gpu.product-name"),
        "gpu.intel.com" or "intel.com" => labels.GetValueOrDefault("gpu.intel.com/product") ?? labels.GetValueOrDefault("gpu.intel.com/family"),
        _ => null,
    };

    private static int Count(IDictionary<string, ResourceQuantity>? amounts, string resource) =>
        amounts is not null && amounts.TryGetValue(resource, out var amount) ? (int)Math.Clamp(amount.ToDecimal(), 0, 4096) : 0;

    private static string Product(string resource, IReadOnlyDictionary<string, string> labels) => NameOf(resource, labels) ?? resource switch
    {
        "habana.ai/gaudi" => "Intel Gaudi",
        "habana.ai/goya" => "Intel Goya",
        _ when resource.StartsWith("nvidia.com/", StringComparison.Ordinal) => "NVIDIA GPU",
        _ when resource.StartsWith("amd.com/", StringComparison.Ordinal) => "AMD GPU",
        _ => "Intel GPU",
    };

    private static long? Memory(string resource, IReadOnlyDictionary<string, string> labels) => resource.Split('/')[0] switch
    {
        "nvidia.com" => MiBs(labels.GetValueOrDefault($"{resource}.memory") ?? (resource.StartsWith(Mig, StringComparison.Ordinal) ? null : labels.GetValueOrDefault("nvidia.com/gpu.memory"))),
        "amd.com" => Quantity(labels.GetValueOrDefault("amd.com/gpu.vram") ?? labels.GetValueOrDefault("beta.amd.com/gpu.vram")),
        "gpu.intel.com" or "intel.com" => long.TryParse(labels.GetValueOrDefault("gpu.intel.com/memory.max"), NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : null,
        _ => null,
    };

    private static long? MiBs(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count * MiB : null;

    // AMD writes 64G and means GiB.
    private static long? Quantity(string? text) =>
        text is { Length: > 1 } && text[^1] is 'G' && long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count * 1024 * MiB : null;
}
