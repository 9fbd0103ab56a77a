using Ops.Dashboard.Features.Targets.Kubernetes.Inventory;

namespace Ops.Dashboard.Features.Targets;

/// <summary>The machines of a target, or why they cannot be seen.</summary>
internal sealed record TargetInventory(IReadOnlyList<Node> Nodes, DateTimeOffset At, string? Problem = null)
{
    /// <summary>Since when they cannot be seen; null while they can, or where the driver does not know.</summary>
    public TargetOutage? Outage { get; init; }

    /// <summary>Why no machine is shown although the target is well, as a sentence; null where they can be seen.</summary>
    public string? Hidden { get; init; }

    /// <summary>Whether the target says where figures of how busy its GPUs are come from; null where machines tell that themselves.</summary>
    public bool? NamesGpuFigures { get; init; }

    /// <summary>Where pods go whatever people choose (Kubernetes); null elsewhere.</summary>
    public PlacementRules? Placement { get; init; }
}

/// <summary>A time in which a target cannot be seen.</summary>
/// <param name="Since">When this dashboard found that first.</param>
/// <param name="IsLonger">Whether this dashboard has not seen it before either, so that it may be down for longer.</param>
internal sealed record TargetOutage(DateTimeOffset Since, bool IsLonger)
{
    /// <summary>What stands before the time.</summary>
    public string Words => IsLonger ? "since at least" : "since";
}

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

    /// <summary>Taints (Kubernetes), as <c>key=value:effect</c>.</summary>
    public IReadOnlyList<string> Taints { get; init; } = [];

    /// <summary>Cores that replicas can be promised, where some are kept back for the machine itself; null for all.</summary>
    public double? CpuAllocatable { get; init; }

    /// <summary>Memory in bytes that replicas can be promised; null for all.</summary>
    public long? MemoryAllocatableBytes { get; init; }

    /// <summary>Such as <c>containerd://2.0.0</c> (Kubernetes).</summary>
    public string ContainerRuntime { get; init; } = "";

    /// <summary>Addresses, such as <c>10.0.0.7</c>, where they are known without its network cards (Kubernetes).</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>How it is (Kubernetes).</summary>
    public IReadOnlyList<NodeCondition> Conditions { get; init; } = [];

    /// <summary>Whether nothing new is placed on it, because a person said so (Kubernetes: cordoned).</summary>
    public bool IsUnschedulable { get; init; }

    /// <summary>How many pods it takes at the same time; null where that is not limited (Kubernetes).</summary>
    public int? PodsAllocatable { get; init; }

    /// <summary>Pods on it that have not ended (Kubernetes).</summary>
    public int Pods { get; init; }

    /// <summary>GPUs as the scheduler counts them (Kubernetes), one entry for each resource.</summary>
    public IReadOnlyList<NodeGpuPool> GpuPools { get; init; } = [];
}

/// <summary>One thing that is known of how a node is. <paramref name="IsGood"/> is null when the node has not told for a while.</summary>
public sealed record NodeCondition(string Type, bool? IsGood, string Reason, string Message, DateTimeOffset? Since)
{
    /// <summary>Whether it is only something to know: Kubernetes does not have it, so whether it is bad is what its maker means by it.</summary>
    public bool IsNote { get; init; }
}

/// <summary>GPUs of a node that are one resource. Memory of each in bytes, or null; allocatable are those that work, free is what of these no pod was promised.</summary>
public sealed record NodeGpuPool(string Resource, string Product, long? MemoryBytes, int Allocatable, int Free)
{
    /// <summary>How many there are, those included that do not work.</summary>
    public int Capacity { get; init; } = Allocatable;
}

/// <summary>A disk of a node.</summary>
public sealed record NodeDisk(string Mount, string FileSystem, long TotalBytes, long FreeBytes);

/// <summary>A network card of a node. Speed in Mbit/s, or null.</summary>
public sealed record NodeNetworkCard(string Name, bool IsUp, IReadOnlyList<string> Addresses, string? Mac, long? SpeedMbit);

/// <summary>A GPU of a node. Memory in bytes, utilization 0 to 1, temperature in degrees Celsius, power in watts; null where it cannot be read.</summary>
public sealed record NodeGpu(string Id, string Product, long? MemoryBytes, long? MemoryFreeBytes, double? Utilization, double? TemperatureC, double? PowerWatts);
