namespace Ops.Dashboard.Features.Targets;

/// <summary>The machines of a target, or why they cannot be seen.</summary>
internal sealed record TargetInventory(IReadOnlyList<Node> Nodes, DateTimeOffset At, string? Problem = null);

/// <summary>A machine of a target, as people choose it. Public, as its parts are, because components take it as a parameter.</summary>
public sealed record Node
{
    /// <summary>Its name on the target.</summary>
    public required string Name { get; init; }

    /// <summary>Such as <c>x64</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Such as <c>Debian GNU/Linux 12, kernel 6.1</c>.</summary>
    public string OperatingSystem { get; init; } = "";

    /// <summary>The processor's product name.</summary>
    public string CpuModel { get; init; } = "";

    /// <summary>Cores that can be used.</summary>
    public required double CpuCores { get; init; }

    /// <summary>Share of the cores in use now, 0 to 1, or null.</summary>
    public double? CpuUse { get; init; }

    /// <summary>Memory in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Memory that can still be used, in bytes.</summary>
    public required long MemoryFreeBytes { get; init; }

    /// <summary>CPU threads that running replicas were promised.</summary>
    public double CpuPromised { get; init; }

    /// <summary>Memory in bytes that running replicas were promised.</summary>
    public long MemoryPromisedBytes { get; init; }

    /// <summary>Disks.</summary>
    public IReadOnlyList<NodeDisk> Disks { get; init; } = [];

    /// <summary>Network cards.</summary>
    public IReadOnlyList<NodeNetworkCard> NetworkCards { get; init; } = [];

    /// <summary>GPUs; when there are none, <see cref="GpuNote"/> says why.</summary>
    public IReadOnlyList<NodeGpu> Gpus { get; init; } = [];

    /// <summary>Why no GPU is listed.</summary>
    public string? GpuNote { get; init; }

    /// <summary>Labels (Kubernetes).</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Taints (Kubernetes).</summary>
    public IReadOnlyList<string> Taints { get; init; } = [];
}

/// <summary>A disk of a node.</summary>
public sealed record NodeDisk(string Mount, string FileSystem, long TotalBytes, long FreeBytes);

/// <summary>A network card of a node. Speed in Mbit/s, or null.</summary>
public sealed record NodeNetworkCard(string Name, bool IsUp, IReadOnlyList<string> Addresses, string? Mac, long? SpeedMbit);

/// <summary>A GPU of a node. Memory in bytes, utilization 0 to 1, temperature in degrees Celsius, power in watts; null where it cannot be read.</summary>
public sealed record NodeGpu(string Id, string Product, long? MemoryBytes, long? MemoryFreeBytes, double? Utilization, double? TemperatureC, double? PowerWatts);
