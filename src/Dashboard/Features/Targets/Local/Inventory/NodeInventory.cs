namespace Ops.Dashboard.Features.Targets.Local.Inventory;

/// <summary>A machine as it is at one moment. What could not be read is null or empty, never invented.</summary>
internal sealed record NodeInventory
{
    /// <summary>When this was read.</summary>
    public required DateTimeOffset ReadAt { get; init; }

    /// <summary>The machine's name.</summary>
    public required string HostName { get; init; }

    /// <summary>The operating system as it names itself, such as <c>Debian GNU/Linux 12 (bookworm)</c>.</summary>
    public required string OperatingSystem { get; init; }

    /// <summary>The version of the kernel.</summary>
    public required string Kernel { get; init; }

    /// <summary>The processor architecture in the words of Kubernetes: <c>amd64</c>, <c>arm64</c> ...</summary>
    public required string Architecture { get; init; }

    /// <summary>The processors.</summary>
    public required CpuInventory Cpu { get; init; }

    /// <summary>The main memory.</summary>
    public required MemoryInventory Memory { get; init; }

    /// <summary>The file systems that hold data, each once.</summary>
    public required IReadOnlyList<DiskInventory> Disks { get; init; }

    /// <summary>The network cards, loopback left out.</summary>
    public required IReadOnlyList<NetworkCard> NetworkCards { get; init; }

    /// <summary>The GPUs.</summary>
    public required IReadOnlyList<GpuInventory> Gpus { get; init; }

    /// <summary>Why there are no GPUs in the list, or which part of them could not be read; null when all is well.</summary>
    public required string? GpuNote { get; init; }
}

/// <summary>The processors of a machine.</summary>
internal sealed record CpuInventory
{
    /// <summary>The product name; empty when the machine does not tell.</summary>
    public required string Model { get; init; }

    /// <summary>Logical cores of the machine.</summary>
    public required int LogicalCores { get; init; }

    /// <summary>Cores this process and what it starts may use: less than all in a container with a limit, and then possibly a fraction.</summary>
    public required double UsableCores { get; init; }

    /// <summary>Cores busy on average since the previous reading; null when not known yet. In a container with a limit, its own share only.</summary>
    public required double? BusyCores { get; init; }
}

/// <summary>The main memory of a machine or, where a container's limit is lower, of that container.</summary>
internal sealed record MemoryInventory
{
    /// <summary>All of it, in bytes.</summary>
    public required long TotalBytes { get; init; }

    /// <summary>What programs can still take without swapping, in bytes; null when the system does not tell.</summary>
    public required long? AvailableBytes { get; init; }
}

/// <summary>One file system.</summary>
/// <param name="Mount">Where it is mounted.</param>
/// <param name="FileSystem">Its type, such as <c>ext4</c>.</param>
/// <param name="Source">The device or server it comes from.</param>
/// <param name="TotalBytes">Its size.</param>
/// <param name="FreeBytes">What this process may still write.</param>
internal sealed record DiskInventory(string Mount, string FileSystem, string Source, long TotalBytes, long FreeBytes);

/// <summary>One network card.</summary>
/// <param name="Name">Its name, such as <c>eth0</c>.</param>
/// <param name="State"><c>up</c>, <c>down</c> or what the system says.</param>
/// <param name="Addresses">Its IP addresses.</param>
/// <param name="Mac">Its hardware address; null when it has none.</param>
/// <param name="SpeedMegabits">Megabits per second; null when not known, as with most virtual cards.</param>
/// <param name="IsPhysical">False for bridges, tunnels and the like; null when not known.</param>
internal sealed record NetworkCard(string Name, string State, IReadOnlyList<string> Addresses, string? Mac, long? SpeedMegabits, bool? IsPhysical);

/// <summary>One GPU. What its driver does not tell is null.</summary>
internal sealed record GpuInventory
{
    /// <summary>Its position in the machine, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>The product.</summary>
    public required string? Name { get; init; }

    /// <summary>The identity that stays when cards are moved.</summary>
    public required string? Uuid { get; init; }

    /// <summary>The version of the driver.</summary>
    public required string? DriverVersion { get; init; }

    /// <summary>All memory of the card, in bytes.</summary>
    public required long? MemoryTotalBytes { get; init; }

    /// <summary>Memory in use, what the driver keeps for itself included, in bytes.</summary>
    public required long? MemoryUsedBytes { get; init; }

    /// <summary>Memory not in use, in bytes.</summary>
    public required long? MemoryFreeBytes { get; init; }

    /// <summary>Share of the last sampling period in which a kernel ran, 0 to 100.</summary>
    public required int? UtilizationPercent { get; init; }

    /// <summary>Temperature of the chip in degrees Celsius.</summary>
    public required int? TemperatureCelsius { get; init; }

    /// <summary>Power drawn, in watts.</summary>
    public required double? PowerWatts { get; init; }

    /// <summary>The processes that compute on it.</summary>
    public required IReadOnlyList<GpuProcess> Processes { get; init; }
}

/// <summary>A process that computes on a GPU.</summary>
/// <param name="Pid">Its id, as the driver sees it: in a container this may be the id outside.</param>
/// <param name="MemoryBytes">GPU memory it holds; null when the driver does not tell.</param>
internal sealed record GpuProcess(int Pid, long? MemoryBytes);
