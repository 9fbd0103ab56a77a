using Ops.Dashboard.Components.Controls;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Targets;

/// <summary>A target as its pages show it.</summary>
internal sealed record TargetView
{
    private const double Full = 0.95;

    /// <summary>Its key.</summary>
    public required Guid Id { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>One of <see cref="TargetKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Its environment.</summary>
    public required TargetEnvironment Environment { get; init; }

    /// <summary>Its machines.</summary>
    public required TargetInventory Inventory { get; init; }

    /// <summary>Since when it cannot be seen; null while it can.</summary>
    public TargetOutage? Outage => Inventory.Outage;

    /// <summary>What runs there.</summary>
    public IReadOnlyList<TargetReplica> Replicas { get; init; } = [];

    /// <summary>How many endpoints run there.</summary>
    public int Endpoints => Replicas.Select(r => r.Endpoint.Id).Distinct().Count();

    /// <summary>Whether its replicas are processes, which have a number on their machine.</summary>
    public bool HasProcesses => Kind == TargetKinds.Local;

    /// <summary>Cores of all nodes.</summary>
    public double CpuCores => Inventory.Nodes.Sum(n => n.CpuCores);

    /// <summary>Cores in use, or null while no node tells.</summary>
    public double? CpuUsed => Inventory.Nodes.Any(n => n.CpuUse is not null) ? Inventory.Nodes.Sum(n => n.CpuUse * n.CpuCores ?? 0) : null;

    /// <summary>Memory of all nodes, in bytes.</summary>
    public long MemoryBytes => Inventory.Nodes.Sum(n => n.MemoryBytes);

    /// <summary>Memory in use, in bytes.</summary>
    public long MemoryUsedBytes => Inventory.Nodes.Sum(n => n.MemoryBytes - n.MemoryFreeBytes);

    /// <summary>GPUs of all nodes.</summary>
    public int Gpus => Inventory.Nodes.Sum(n => n.Gpus.Count);

    /// <summary>How it is, as state, word and, where it is not well, the reason.</summary>
    public (State State, string Word, string? Why) Health()
    {
        if (Inventory.Problem is { } problem)
        {
            return (State.Critical, "Down", problem);
        }

        if (Inventory.Nodes.FirstOrDefault(n => n.MemoryBytes > 0 && n.MemoryFreeBytes < (1 - Full) * n.MemoryBytes) is { } node)
        {
            return (State.Warning, "Short of memory", $"{node.Name} has {Format.Bytes(node.MemoryFreeBytes)} of memory left.");
        }

        var disk = Inventory.Nodes.SelectMany(n => n.Disks.Select(d => (Node: n, Disk: d))).FirstOrDefault(p => p.Disk.TotalBytes > 0 && p.Disk.FreeBytes < (1 - Full) * p.Disk.TotalBytes);
        return disk.Disk is null
            ? (State.Ok, "Healthy", null)
            : (State.Warning, "Disk nearly full", $"{disk.Disk.Mount} of {disk.Node.Name} has {Format.Bytes(disk.Disk.FreeBytes)} left.");
    }
}

/// <summary>A replica and the endpoint it belongs to.</summary>
internal sealed record TargetReplica(EndpointRef Endpoint, ReplicaObservation Replica);

/// <summary>How phases of replicas look everywhere.</summary>
internal static class ReplicaLook
{
    /// <summary>The state whose colour and icon go with a phase.</summary>
    public static State State(this ReplicaPhase phase) => phase switch
    {
        ReplicaPhase.Ready => Components.Controls.State.Ok,
        ReplicaPhase.Loading => Components.Controls.State.Progress,
        ReplicaPhase.Unready => Components.Controls.State.Warning,
        ReplicaPhase.Failed => Components.Controls.State.Critical,
        _ => Components.Controls.State.Neutral,
    };
}
