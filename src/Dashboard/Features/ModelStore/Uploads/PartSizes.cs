namespace Ops.Dashboard.Features.ModelStore.Uploads;

/// <summary>How files are cut into parts. A part is what is lost when a connection breaks, and what one durable write costs.</summary>
internal static class PartSizes
{
    /// <summary>The most parts of a file (also the limit of S3).</summary>
    public const int MaxParts = 10_000;

    /// <summary>The largest part in bytes that any store asks for.</summary>
    public const int Largest = 512 * MiB;

    /// <summary>The largest part in bytes of a file on a disk.</summary>
    public const int LargestOnDisk = 64 * MiB;

    /// <summary>The largest file on a disk: <see cref="MaxParts"/> parts of <see cref="LargestOnDisk"/> bytes.</summary>
    public const long LargestFileOnDisk = (long)MaxParts * LargestOnDisk;

    private const int MiB = 1024 * 1024;

    /// <summary>Bytes of every part but the last, for a file of this many bytes on a disk.</summary>
    public static int OnDisk(long fileBytes) => fileBytes switch
    {
        <= 1024L * MiB => 8 * MiB,
        <= 16 * 1024L * MiB => 16 * MiB,
        <= 64 * 1024L * MiB => 32 * MiB,
        _ => LargestOnDisk,
    };
}
