using System.Globalization;
using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.Features.Targets.Pages;

/// <summary>Quantities of machines in words.</summary>
internal static class NodeWords
{
    /// <summary>Such as <c>1 core</c> or <c>1.5 cores</c>.</summary>
    public static string Cores(double cores) => $"{Number(cores)} {(cores == 1 ? "core" : "cores")}";

    /// <summary>Such as <c>1.5</c>.</summary>
    public static string Number(double amount) => amount.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>The GPUs of a node by product, such as <c>2 × NVIDIA A100</c> and <c>80 GiB each, 1 of 2 free</c>.</summary>
    public static IReadOnlyList<(string Product, string Note)> Gpus(Node node) =>
    [
        .. node.Gpus.GroupBy(g => (g.Product, g.MemoryBytes)).Select(group =>
        {
            var count = group.Count();
            var memory = group.Key.MemoryBytes is { } bytes ? $"{Format.Bytes(bytes)}{(count == 1 ? "" : " each")}" : "";
            return ($"{(count == 1 ? "" : $"{count} × ")}{group.Key.Product}", memory);
        }),
    ];

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
}
