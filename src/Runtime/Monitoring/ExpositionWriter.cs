using System.Globalization;
using System.Text;

namespace Ops.Runtime.Monitoring;

/// <summary>Writes the Prometheus text exposition format, version 0.0.4.</summary>
internal sealed class ExpositionWriter
{
    private readonly StringBuilder text = new(8192);

    /// <summary>Begins a metric family.</summary>
    public void Family(string name, string type, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n')
            .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    /// <summary>Writes one sample.</summary>
    public void Sample(string name, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        text.Append(name);
        Labels(labels);
        text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    /// <summary>Writes all samples of one histogram.</summary>
    public void Histogram(string name, Histogram histogram, (string Name, string Value) first, (string Name, string Value) second)
    {
        Span<long> cumulative = stackalloc long[histogram.UpperBounds.Length + 1];
        var sum = histogram.Read(cumulative);
        for (var i = 0; i < cumulative.Length; i++)
        {
            var bound = i < histogram.UpperBounds.Length ? histogram.UpperBounds[i].ToString("0.#####", CultureInfo.InvariantCulture) : "+Inf";
            Sample(name + "_bucket", cumulative[i], first, second, ("le", bound));
        }

        Sample(name + "_sum", sum, first, second);
        Sample(name + "_count", cumulative[^1], first, second);
    }

    public override string ToString() => text.ToString();

    private void Labels(ReadOnlySpan<(string Name, string Value)> labels)
    {
        if (labels.IsEmpty)
        {
            return;
        }

        var separator = '{';
        foreach (var (name, value) in labels)
        {
            text.Append(separator).Append(name).Append("=\"");
            foreach (var c in value)
            {
                _ = c switch
                {
                    '\\' => text.Append("\\\\"),
                    '"' => text.Append("\\\""),
                    '\n' => text.Append("\\n"),
                    _ => text.Append(c),
                };
            }

            text.Append('"');
            separator = ',';
        }

        text.Append('}');
    }
}
