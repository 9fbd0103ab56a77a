using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Ops.Dashboard.Features.Targets.Local.Inventory;

/// <summary>A running process at one moment.</summary>
/// <param name="Pid">Its id. Ids are used again: together with the start time it names one process.</param>
/// <param name="CpuSeconds">Processor time used so far, in all threads, without that of its children.</param>
/// <param name="ResidentBytes">Main memory it holds.</param>
/// <param name="Threads">Its threads.</param>
/// <param name="StartedAt">When it started; on Linux to a hundredth of a second, and the same at every reading.</param>
internal sealed record ProcessFigures(int Pid, double CpuSeconds, long ResidentBytes, int Threads, DateTimeOffset StartedAt);

/// <summary>Reads the figures of processes of this machine.</summary>
internal sealed class ProcessReader
{
    private readonly LinuxFiles? linux;
    private readonly long? bootedAt;

    public ProcessReader()
        : this(OperatingSystem.IsLinux() ? "/" : null)
    {
    }

    /// <summary>A Linux machine described under another folder, for tests; no folder means not Linux.</summary>
    internal ProcessReader(string? linuxRoot)
    {
        // Read once: the kernel computes it from the clock, so that it moves a second when the clock is set.
        linux = linuxRoot is null ? null : new LinuxFiles(linuxRoot);
        bootedAt = linux?.Number("proc/stat", "btime");
    }

    /// <summary>Reads one process.</summary>
    /// <returns>Null when no such process runs, or it has ended and only waits to be collected.</returns>
    public ProcessFigures? Read(int pid) =>
        linux is not null && bootedAt is { } booted ? ReadLinux(linux, booted, pid) : ReadPortable(pid);

    // proc_pid_stat(5). The name in brackets may hold spaces and brackets itself, so fields count from the last bracket:
    // 0 state, 11 user ticks, 12 system ticks, 17 threads, 19 start in ticks since boot, 21 resident pages.
    private static ProcessFigures? ReadLinux(LinuxFiles files, long booted, int pid)
    {
        var line = files.Text($"proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat");
        var fields = line?[(line.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields is null || fields.Length < 22 || fields[0] is "Z" or "X" or "x")
        {
            return null;
        }

        return long.TryParse(fields[11], out var user) && long.TryParse(fields[12], out var system)
            && int.TryParse(fields[17], out var threads) && long.TryParse(fields[19], out var start) && long.TryParse(fields[21], out var pages)
            ? new ProcessFigures(
                pid,
                (user + system) / LinuxCpu.TicksPerSecond,
                pages * Environment.SystemPageSize,
                threads,
                DateTimeOffset.FromUnixTimeSeconds(booted).AddSeconds(start / LinuxCpu.TicksPerSecond))
            : null;
    }

    private static ProcessFigures? ReadPortable(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return process.HasExited
                ? null
                : new ProcessFigures(pid, process.TotalProcessorTime.TotalSeconds, process.WorkingSet64, process.Threads.Count, process.StartTime.ToUniversalTime());
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception or NotSupportedException)
        {
            // It ended before or while it was read, or belongs to somebody else.
            return null;
        }
    }
}
