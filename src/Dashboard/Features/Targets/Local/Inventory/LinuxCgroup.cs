namespace Ops.Dashboard.Features.Targets.Local.Inventory;

/// <summary>
/// The limits of the control groups (version 2) around this process: those of a container or of a service.
/// Each level can limit, so the lowest counts. Version 1 is not read: systems that still have it report the whole machine.
/// </summary>
internal sealed record LinuxCgroup
{
    private LinuxCgroup()
    {
    }

    /// <summary>Cores the group may use on average; null without a limit.</summary>
    public double? Cores { get; private init; }

    /// <summary>Processor time used by the group that has the limit, in seconds; null without a limit.</summary>
    public double? CpuSeconds { get; private init; }

    /// <summary>Bytes the group may use; null without a limit.</summary>
    public long? MemoryBytes { get; private init; }

    /// <summary>Bytes still free under the tightest limit; null without a limit.</summary>
    public long? MemoryFreeBytes { get; private init; }

    public static LinuxCgroup Read(LinuxFiles files, IReadOnlyList<LinuxMount> mounts)
    {
        var found = new LinuxCgroup();
        var mount = mounts.FirstOrDefault(m => m.Type == "cgroup2");
        var own = files.Lines("proc/self/cgroup").FirstOrDefault(line => line.StartsWith("0::/", StringComparison.Ordinal))?[3..];
        if (mount is null || own is null)
        {
            return found;
        }

        // Inside a container the mount may begin at the container's own group although the path is told from the top.
        var below = mount.Root != "/" && own.StartsWith(mount.Root, StringComparison.Ordinal) ? own[mount.Root.Length..] : own;
        for (var group = below.Trim('/'); ; group = group.Contains('/') ? group[..group.LastIndexOf('/')] : "")
        {
            found = Tighten(found, files, Path.Join(mount.Point, group));
            if (group.Length == 0)
            {
                return found;
            }
        }
    }

    private static LinuxCgroup Tighten(LinuxCgroup found, LinuxFiles files, string folder)
    {
        // "200000 100000": microseconds of processor time per period, or "max 100000" without a limit.
        if (files.Text(folder + "/cpu.max")?.Split(' ') is [var quotaText, var periodText]
            && long.TryParse(quotaText, out var quota) && long.TryParse(periodText, out var period) && period > 0
            && (found.Cores is null || (double)quota / period < found.Cores))
        {
            found = found with { Cores = (double)quota / period, CpuSeconds = files.Number(folder + "/cpu.stat", "usage_usec") / 1e6 };
        }

        if (files.Number(folder + "/memory.max") is { } limit)
        {
            // Cached files count as used but are given back under pressure.
            var used = (files.Number(folder + "/memory.current") ?? 0) - (files.Number(folder + "/memory.stat", "inactive_file") ?? 0);
            var free = Math.Max(0, limit - Math.Max(0, used));
            found = found with
            {
                MemoryBytes = Math.Min(limit, found.MemoryBytes ?? long.MaxValue),
                MemoryFreeBytes = Math.Min(free, found.MemoryFreeBytes ?? long.MaxValue),
            };
        }

        return found;
    }
}
