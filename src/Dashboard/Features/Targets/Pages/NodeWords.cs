using System.Globalization;
using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.Features.Targets.Pages;

/// <summary>Quantities of machines in words.</summary>
internal static class NodeWords
{
    /// <summary>Such as <c>1 core</c> or <c>1.5 cores</c>.</summary>
    public static string Cores(double cores) => $"{Number(cores)} {(cores == 1 ? "core" : "cores")}";

    /// <summary>Such as <c>19.5 of 32 cores</c>: what no replica was promised.</summary>
    public static string FreeCores(Node node)
    {
        var all = node.CpuAllocatable ?? node.CpuCores;
        return $"{Number(Math.Max(0, all - node.CpuPromised))} of {Cores(all)}";
    }

    /// <summary>Such as <c>80 GiB of 120 GiB</c>: what no replica was promised, or on the local machine what nobody uses.</summary>
    public static string FreeMemory(Node node)
    {
        var all = node.MemoryAllocatableBytes ?? node.MemoryBytes;
        return $"{Format.Bytes(Math.Min(node.MemoryFreeBytes, all))} of {Format.Bytes(all)}";
    }

    /// <summary>Such as <c>1.5</c>.</summary>
    public static string Number(double amount) => amount.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>The GPUs of a node by product, such as <c>2 × NVIDIA A100</c> and <c>80 GiB each, 1 of 2 free</c>.</summary>
    public static IReadOnlyList<(string Product, string Note)> Gpus(Node node) => node.GpuPools.Count > 0
        ? [.. node.GpuPools.Select(p => (Times(p.Capacity, p.Product), Note(p.MemoryBytes, p.Capacity, Usable(p) is { } usable ? $"{usable}, {p.Free} free" : $"{p.Free} of {p.Allocatable} free")))]
        : [.. node.Gpus.GroupBy(g => (g.Product, g.MemoryBytes)).Select(g => (Times(g.Count(), g.Key.Product), Note(g.Key.MemoryBytes, g.Count(), null)))];

    /// <summary>Why no node of a target is listed.</summary>
    public static (string Title, string Text) None(TargetInventory inventory) => inventory switch
    {
        { Problem: not null } => ("No node can be seen", "The target is down. What runs there goes on running."),
        { Hidden: { } hidden } => ("The nodes are not shown", $"{hidden} Rollouts work without that right; what fits where is not said beforehand, and nodes are picked by their labels alone."),
        { Placement.AddsNodes: true } => ("No node now", "The cluster adds nodes when they are needed."),
        { Placement.NodeFilter.Count: > 0 } => ("No node has the labels", "The settings of this target keep it to nodes with certain labels, and the cluster has none of these."),
        _ => ("No node can be seen", "There is none."),
    };

    /// <summary>Such as <c>6 of 8 usable</c>, or null where all of them are.</summary>
    public static string? Usable(NodeGpuPool pool) => pool.Allocatable < pool.Capacity ? $"{pool.Allocatable} of {pool.Capacity} usable" : null;

    /// <summary>What of a node's conditions is to be known: that it is cordoned, not ready, under pressure or has not told for a while, and what agents on it find.</summary>
    public static IReadOnlyList<(State State, string Text, string Why)> Troubles(Node node)
    {
        List<(State State, string Text, string Why)> troubles = [];
        if (node.IsUnschedulable)
        {
            troubles.Add((State.Warning, "Cordoned", "A person keeps new pods off it."));
        }

        foreach (var condition in node.Conditions.Where(c => c.IsGood != true))
        {
            var why = condition.Message.Length > 0 ? condition.Message : condition.Reason;
            troubles.Add(condition switch
            {
                { IsNote: true, IsGood: null } => (State.Neutral, $"{condition.Type} unknown", why),
                { IsNote: true } => (State.Neutral, condition.Type.EndsWith("Ready", StringComparison.Ordinal) ? $"Not {condition.Type}" : condition.Type, why),
                { IsGood: null } => (State.Warning, $"{condition.Type} unknown", why),
                { Type: "Ready" } => (State.Critical, "Not ready", why),
                _ => (State.Warning, condition.Type, why),
            });
        }

        return troubles;
    }

    /// <summary>Such as <c>64 °C, 120 W</c>; empty where the card tells neither.</summary>
    public static string Figures(NodeGpu gpu)
    {
        List<string> parts = [];
        if (gpu.TemperatureC is { } temperature)
        {
            parts.Add($"{temperature.ToString("0", CultureInfo.InvariantCulture)} °C");
        }

        if (gpu.PowerWatts is { } power)
        {
            parts.Add($"{power.ToString("0", CultureInfo.InvariantCulture)} W");
        }

        return string.Join(", ", parts);
    }

    /// <summary>Such as <c>up, 10 Gbit/s</c>.</summary>
    public static string Link(NodeNetworkCard card) => (card.IsUp, card.SpeedMbit) switch
    {
        (false, _) => "down",
        (true, null) => "up",
        (true, >= 1000 and var speed) => $"up, {Format.Count(speed / 1000.0)} Gbit/s",
        (true, var speed) => $"up, {speed} Mbit/s",
    };

    private static string Times(int count, string product) => count == 1 ? product : $"{count} × {product}";

    private static string Note(long? memory, int count, string? free)
    {
        var each = memory is { } bytes ? $"{Format.Bytes(bytes)}{(count == 1 ? "" : " each")}" : null;
        return string.Join(", ", new[] { each, free }.OfType<string>());
    }
}
