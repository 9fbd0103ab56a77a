using System.Runtime.InteropServices;

namespace Ops.Dashboard.Components.Controls;

/// <summary>How the numbers of a chart are written.</summary>
public enum ChartUnit
{
    /// <summary>A plain number.</summary>
    Number,

    /// <summary>Something per second.</summary>
    PerSecond,

    /// <summary>A share between 0 and 1, written as per cent.</summary>
    Percent,

    /// <summary>Seconds, written as µs, ms or s.</summary>
    Seconds,

    /// <summary>Bytes, written in binary units.</summary>
    Bytes,
}

/// <summary>The height of a chart.</summary>
public enum ChartSize
{
    /// <summary>120 pixels.</summary>
    Small,

    /// <summary>180 pixels.</summary>
    Medium,

    /// <summary>300 pixels.</summary>
    Large,
}

/// <summary>One line of a chart.</summary>
/// <param name="Name">Its name in the legend.</param>
/// <param name="Color">Its colour, 1 to 8 of the palette; the same series has the same colour on every chart.</param>
/// <param name="Fill">Tints the area under it.</param>
/// <param name="Dashed">Draws it dashed.</param>
public sealed record ChartSeries(string Name, int Color, bool Fill = false, bool Dashed = false);

/// <summary>A horizontal line: a limit that should hold.</summary>
public sealed record ChartThreshold(double Value, string Label);

/// <summary>A vertical line: something that happened, for instance a rollout. <paramref name="Time"/> in seconds since 1970.</summary>
public sealed record ChartMarker(double Time, string Label);

/// <summary>Points of all series of a chart.</summary>
/// <param name="Times">Seconds since 1970, ascending.</param>
/// <param name="Values">One array per series in the chart's order, each as long as <paramref name="Times"/>; NaN is a gap.</param>
public sealed record ChartPoints(double[] Times, IReadOnlyList<double[]> Values)
{
    /// <summary>All columns one after the other as little-endian float64, the form in which the browser takes them without parsing.</summary>
    /// <exception cref="InvalidOperationException">A series is not as long as the times.</exception>
    internal byte[] Pack()
    {
        var block = new double[Times.Length * (Values.Count + 1)];
        Times.CopyTo(block, 0);
        for (var series = 0; series < Values.Count; series++)
        {
            if (Values[series].Length != Times.Length)
            {
                throw new InvalidOperationException($"Series {series} has {Values[series].Length} values for {Times.Length} times.");
            }

            Values[series].CopyTo(block, Times.Length * (series + 1));
        }

        return MemoryMarshal.AsBytes(block.AsSpan()).ToArray();
    }
}
