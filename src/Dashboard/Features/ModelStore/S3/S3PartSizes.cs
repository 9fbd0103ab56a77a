using Ops.Dashboard.Features.ModelStore.Uploads;

namespace Ops.Dashboard.Features.ModelStore.S3;

/// <summary>How files are cut for S3: every part but the last has at least 5 MiB, and there are at most 10,000.</summary>
internal static class S3PartSizes
{
    /// <summary>The largest object of S3: 5 TB.</summary>
    public const long LargestObject = 5_000_000_000_000;

    private const int MiB = 1024 * 1024;

    /// <summary>Bytes of every part but the last, for a file of this many bytes.</summary>
    public static int For(long bytes)
    {
        // Parts wait in memory on their way through the dashboard, so they stay small for as long as their number stays in the thousands.
        var usual = bytes switch
        {
            <= 32 * 1024L * MiB => 16 * MiB,
            <= 128 * 1024L * MiB => 32 * MiB,
            _ => 64 * MiB,
        };

        // Only files beyond 625 GiB need larger ones to stay within the number of parts.
        var least = (bytes + PartSizes.MaxParts - 1) / PartSizes.MaxParts;
        return (int)Math.Max(usual, (least + MiB - 1) / MiB * MiB);
    }
}
