using System.Runtime.InteropServices;

namespace Ops.Dashboard.Features.Targets.Local.Inventory;

/// <summary>
/// The machine this process runs on. Cheap enough to be read once a second; on Linux from /proc and /sys, with the
/// limits of the container around it, elsewhere from what .NET offers.
/// </summary>
internal sealed class LocalMachine
{
    // Shorter spans would make the busy figure jump: the kernel counts in steps of 10 ms.
    private static readonly TimeSpan ShortestSpan = TimeSpan.FromMilliseconds(250);

    private readonly IGpuReader gpus;
    private readonly TimeProvider time;
    private readonly LinuxFiles? linux;
    private readonly Func<string, (long Total, long Free)?> space;
    private readonly Lock gate = new();
    private (long Timestamp, double Seconds)? previous;
    private double? busyCores;

    /// <summary>The machine itself.</summary>
    public LocalMachine(IGpuReader gpus, TimeProvider time)
        : this(gpus, time, OperatingSystem.IsLinux() ? "/" : null, LinuxDisks.Space)
    {
    }

    /// <summary>A Linux machine described under another folder, for tests; no folder means not Linux.</summary>
    internal LocalMachine(IGpuReader gpus, TimeProvider time, string? linuxRoot, Func<string, (long Total, long Free)?> space)
    {
        this.gpus = gpus;
        this.time = time;
        this.space = space;
        linux = linuxRoot is null ? null : new LinuxFiles(linuxRoot);
        if (linux is not null)
        {
            // The first figure then covers the time from here to the first reading.
            Busy(linux, LinuxCgroup.Read(linux, LinuxMount.All(linux)));
        }
    }

    /// <summary>Reads everything now.</summary>
    public NodeInventory Read()
    {
        var gpu = gpus.Read();
        var portable = new NodeInventory
        {
            ReadAt = time.GetUtcNow(),
            HostName = Environment.MachineName,
            OperatingSystem = RuntimeInformation.OSDescription,
            Kernel = Environment.OSVersion.Version.ToString(),
            Architecture = Architecture(),
            Cpu = PortableCpu(),
            Memory = PortableMemory(),
            Disks = [],
            NetworkCards = [],
            Gpus = gpu.Gpus,
            GpuNote = gpu.Note,
        };
        return linux is null
            ? portable with { Disks = PortableDisks(), NetworkCards = LinuxNetwork.PortableCards() }
            : ReadLinux(linux, portable);
    }

    private NodeInventory ReadLinux(LinuxFiles files, NodeInventory portable)
    {
        var mounts = LinuxMount.All(files);
        var cgroup = LinuxCgroup.Read(files, mounts);
        var (model, cores) = LinuxCpu.Identify(files);
        var total = files.Number("proc/meminfo", "MemTotal") ?? portable.Memory.TotalBytes;
        var available = files.Number("proc/meminfo", "MemAvailable");
        return portable with
        {
            HostName = files.Text("proc/sys/kernel/hostname") ?? portable.HostName,
            OperatingSystem = Release(files) ?? portable.OperatingSystem,
            Kernel = files.Text("proc/sys/kernel/osrelease") ?? portable.Kernel,
            Cpu = new CpuInventory
            {
                Model = model,
                LogicalCores = cores,
                UsableCores = Math.Min(Math.Min(cores, LinuxCpu.Allowed(files) ?? cores), cgroup.Cores ?? cores),
                BusyCores = Busy(files, cgroup),
            },
            Memory = new MemoryInventory
            {
                TotalBytes = Math.Min(total, cgroup.MemoryBytes ?? total),
                AvailableBytes = available is { } free ? Math.Min(free, cgroup.MemoryFreeBytes ?? free) : cgroup.MemoryFreeBytes,
            },
            Disks = LinuxDisks.Choose(mounts, space),
            NetworkCards = LinuxNetwork.Cards(files, LinuxNetwork.Addresses()),
        };
    }

    private double? Busy(LinuxFiles files, LinuxCgroup cgroup)
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            if (previous is { } last && time.GetElapsedTime(last.Timestamp, now) < ShortestSpan)
            {
                return busyCores;
            }

            if ((cgroup.CpuSeconds ?? LinuxCpu.BusySeconds(files)) is not { } seconds)
            {
                return null;
            }

            if (previous is { } before && seconds >= before.Seconds)
            {
                busyCores = (seconds - before.Seconds) / time.GetElapsedTime(before.Timestamp, now).TotalSeconds;
            }

            previous = (now, seconds);
            return busyCores;
        }
    }

    private static string? Release(LinuxFiles files)
    {
        const string Key = "PRETTY_NAME=";
        return files.Lines("etc/os-release").FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal))?[Key.Length..].Trim('"', '\'');
    }

    private static string Architecture() => RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.X86 => "386",
        var other => other.ToString().ToLowerInvariant(),
    };

    private static CpuInventory PortableCpu() => new()
    {
        Model = Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? "",
        LogicalCores = Environment.ProcessorCount,
        UsableCores = Environment.ProcessorCount,
        BusyCores = null,
    };

    private static MemoryInventory PortableMemory()
    {
        var memory = GC.GetGCMemoryInfo();
        return new MemoryInventory
        {
            TotalBytes = memory.TotalAvailableMemoryBytes,
            // The load is that of the last collection; before the first there is none to tell.
            AvailableBytes = memory.MemoryLoadBytes > 0 ? Math.Max(0, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes) : null,
        };
    }

    private List<DiskInventory> PortableDisks() =>
    [
        .. DriveInfo.GetDrives()
            .Where(drive => drive.DriveType is DriveType.Fixed or DriveType.Network && drive.IsReady)
            .Select(drive => (Drive: drive, Space: space(drive.Name)))
            .Where(pair => pair.Space is { Total: > 0 })
            .Select(pair => new DiskInventory(pair.Drive.Name, pair.Drive.DriveFormat, pair.Drive.VolumeLabel, pair.Space!.Value.Total, pair.Space.Value.Free)),
    ];
}
