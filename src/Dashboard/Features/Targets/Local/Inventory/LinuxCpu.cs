using System.Globalization;

namespace Ops.Dashboard.Features.Targets.Local.Inventory;

/// <summary>Reads processors and their use from <c>/proc</c>.</summary>
internal static class LinuxCpu
{
    /// <summary>Ticks per second of the times in <c>/proc</c>: fixed at 100 for programs on every architecture .NET runs on.</summary>
    public const double TicksPerSecond = 100;

    // 64-bit ARM kernels give numbers instead of names (Arm's MIDR part numbers); these are the servers' and single-board ones.
    private static readonly Dictionary<string, string> ArmParts = new(StringComparer.OrdinalIgnoreCase)
    {
        ["0x41:0xd03"] = "ARM Cortex-A53",
        ["0x41:0xd08"] = "ARM Cortex-A72",
        ["0x41:0xd0b"] = "ARM Cortex-A76",
        ["0x41:0xd0c"] = "ARM Neoverse-N1",
        ["0x41:0xd40"] = "ARM Neoverse-V1",
        ["0x41:0xd49"] = "ARM Neoverse-N2",
        ["0x41:0xd4f"] = "ARM Neoverse-V2",
    };

    /// <summary>The product name and the number of logical cores.</summary>
    public static (string Model, int LogicalCores) Identify(LinuxFiles files)
    {
        var cores = 0;
        string? name = null, implementer = null, part = null;
        foreach (var line in files.Lines("proc/cpuinfo"))
        {
            var colon = line.IndexOf(':');
            if (colon < 0)
            {
                continue;
            }

            var value = line[(colon + 1)..].Trim();
            switch (line[..colon].Trim())
            {
                case "processor": cores++; break;
                case "model name" or "cpu model" or "Model": name ??= value; break;
                case "CPU implementer": implementer ??= value; break;
                case "CPU part": part ??= value; break;
                default: break;
            }
        }

        name ??= part is null ? "" : ArmParts.GetValueOrDefault($"{implementer}:{part}", $"ARM {implementer} {part}");
        return (name, cores > 0 ? cores : Environment.ProcessorCount);
    }

    /// <summary>Cores this process may run on (affinity and cpuset); null when not told.</summary>
    public static int? Allowed(LinuxFiles files)
    {
        const string Key = "Cpus_allowed_list:";
        var list = files.Lines("proc/self/status").FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal))?[Key.Length..].Trim();
        if (string.IsNullOrEmpty(list))
        {
            return null;
        }

        var count = 0;
        foreach (var range in list.Split(','))
        {
            var ends = range.Split('-');
            if (!int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last))
            {
                return null;
            }

            count += last - first + 1;
        }

        return count;
    }

    /// <summary>Seconds all cores together have been busy since the machine started; null when not told.</summary>
    public static double? BusySeconds(LinuxFiles files)
    {
        // "cpu user nice system idle iowait irq softirq steal guest guest_nice": guests are contained in user and nice, and
        // what other virtual machines took (steal) is not free either.
        var fields = files.Lines("proc/stat").FirstOrDefault(l => l.StartsWith("cpu ", StringComparison.Ordinal))?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields is null || fields.Length < 5)
        {
            return null;
        }

        var ticks = 0L;
        foreach (var i in (ReadOnlySpan<int>)[1, 2, 3, 6, 7, 8])
        {
            if (i < fields.Length && long.TryParse(fields[i], out var more))
            {
                ticks += more;
            }
        }

        return ticks / TicksPerSecond;
    }
}
