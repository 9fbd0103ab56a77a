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
