using System.Globalization;
using System.Text;

namespace Ops.Dashboard.Components.Controls;

/// <summary>Turns values into the SVG paths of a sparkline.</summary>
internal static class SparklinePath
{
    private const double Margin = 2;

    /// <summary>
    /// The line and the area under it, spread over the width; the axis starts at zero, or below where a value is negative.
    /// A gap interrupts both. Fewer than two values in a row draw nothing there.
    /// </summary>
    public static (string Line, string Area) Draw(IReadOnlyList<double?> values, double width, double height)
    {
        var present = values.OfType<double>().Where(double.IsFinite).ToList();
        if (present.Count < 2)
        {
            return ("", "");
        }

        var low = Math.Min(0, present.Min());
        var span = Math.Max(present.Max() - low, double.Epsilon);
        var line = new StringBuilder();
        var area = new StringBuilder();
        double start = 0, last = 0;
        var drawing = false;
        for (var index = 0; index < values.Count; index++)
        {
            if (values[index] is not { } value || !double.IsFinite(value))
            {
                CloseArea();
                continue;
            }

            var x = index * width / (values.Count - 1);
            var y = height - Margin - ((value - low) / span * (height - (2 * Margin)));
            var point = $"{Number(x)} {Number(y)}";
            line.Append(drawing ? 'L' : 'M').Append(point);
            area.Append(drawing ? "L" : $"M{Number(x)} {Number(height)}L").Append(point);
            start = drawing ? start : x;
            last = x;
            drawing = true;
        }

        CloseArea();
        return (line.ToString(), area.ToString());

        void CloseArea()
        {
            if (drawing)
            {
                area.Append(CultureInfo.InvariantCulture, $"L{Number(last)} {Number(height)}L{Number(start)} {Number(height)}Z");
                drawing = false;
            }
        }
    }

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
