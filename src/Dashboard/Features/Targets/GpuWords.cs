namespace Ops.Dashboard.Features.Targets;

/// <summary>The GPUs of a replica in a few words. Pure.</summary>
internal static class GpuWords
{
    /// <summary>Such as <c>2 × nvidia.com/gpu (NVIDIA-A100-SXM4-40GB)</c>; null for none.</summary>
    /// <param name="count">How many.</param>
    /// <param name="unit">What is counted: the resource of a cluster, or GPUs.</param>
    /// <param name="products">What they are; of several kinds it is one of these. Nothing is said where nobody knows.</param>
    public static string? Of(int count, string unit, IEnumerable<string> products) =>
        count == 0 ? null : string.Join(" or ", products.Distinct(StringComparer.Ordinal)) is { Length: > 0 } product ? $"{count} × {unit} ({product})" : $"{count} × {unit}";
}
