namespace Ops.Dashboard.Features.Targets.Kubernetes.Objects;

/// <summary>How much of its node's disk a pod needs, by the size of its version's files. In MiB, rounded up.</summary>
internal static class PodDisk
{
    /// <summary>For temporary files.</summary>
    public const long TemporaryMiB = 256;

    private const long MiB = 1024 * 1024;

    // What the engine makes of the files, and logs.
    private const long BesideMiB = 256;

    /// <summary>What is asked for: the files once, and what lies beside them.</summary>
    public static long RequestMiB(long sizeBytes) => Files(sizeBytes) + TemporaryMiB + BesideMiB;

    /// <summary>The most that the folder of models may hold: twice the files, because beside them lie what is on its way and what the engine makes of them.</summary>
    public static long ModelsMiB(long sizeBytes) => Files(2 * sizeBytes) + 256;

    /// <summary>The most that the whole pod may take: its folders full, and its logs.</summary>
    public static long LimitMiB(long sizeBytes) => ModelsMiB(sizeBytes) + TemporaryMiB + BesideMiB;

    private static long Files(long bytes) => (bytes + MiB - 1) / MiB;
}
