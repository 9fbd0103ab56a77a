using System.Globalization;
using Ops.Dashboard.Features.Targets.Local.Inventory;

namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>Turns what was read of this machine into the node that people choose.</summary>
internal static class LocalNode
{
    /// <summary>The node, promises left out.</summary>
    public static Node From(NodeInventory machine) => new()
    {
        Name = machine.HostName,
        Architecture = machine.Architecture,
        OperatingSystem = machine.OperatingSystem.Contains(machine.Kernel, StringComparison.Ordinal) ? machine.OperatingSystem : $"{machine.OperatingSystem}, kernel {machine.Kernel}",
        CpuModel = machine.Cpu.Model,
        CpuCores = machine.Cpu.UsableCores,
        CpuUse = machine.Cpu.BusyCores is { } busy && machine.Cpu.UsableCores > 0 ? Math.Clamp(busy / machine.Cpu.UsableCores, 0, 1) : null,
        MemoryBytes = machine.Memory.TotalBytes,
        MemoryFreeBytes = machine.Memory.AvailableBytes ?? machine.Memory.TotalBytes,
        Disks = [.. machine.Disks.Select(d => new NodeDisk(d.Mount, d.FileSystem, d.TotalBytes, d.FreeBytes))],
        NetworkCards = [.. machine.NetworkCards.Select(c => new NodeNetworkCard(c.Name, c.State == "up", c.Addresses, c.Mac, c.SpeedMegabits))],
        Gpus = [.. machine.Gpus.Select(Gpu)],
        GpuNote = machine.GpuNote,
    };

    private static NodeGpu Gpu(GpuInventory gpu) => new(
        gpu.Uuid ?? gpu.Index.ToString(CultureInfo.InvariantCulture),
        gpu.Name ?? "GPU",
        gpu.MemoryTotalBytes,
        gpu.MemoryFreeBytes,
        gpu.UtilizationPercent / 100.0,
        gpu.TemperatureCelsius,
        gpu.PowerWatts);
}
