using System.Globalization;
using System.Text;

namespace Ops.Dashboard.Features.Monitoring.Prometheus;

/// <summary>One line of a scrape.</summary>
/// <param name="Name">Such as <c>ops_runtime_requests_total</c>.</param>
/// <param name="Labels">Label names and values, unescaped.</param>
/// <param name="Value">May be NaN or infinite, as the format allows.</param>
internal sealed record MetricSample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>Reads the Prometheus text exposition format (version 0.0.4). What comes from a replica is not trusted: sizes are bounded and a bad line fails the scrape.</summary>
internal static class PrometheusText
{
    /// <summary>More samples than this in one scrape are refused.</summary>
    public const int MostSamples = 50_000;

    /// <summary>Reads a whole scrape.</summary>
    /// <exception cref="FormatException">A line that is not in the format, with its number.</exception>
    public static List<MetricSample> Parse(string text)
    {
        List<MetricSample> samples = [];
        var number = 0;
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            number++;
            var line = raw.Trim();
            if (line.IsEmpty || line[0] == '#')
            {
                continue;
            }

            if (samples.Count == MostSamples)
            {
                throw new FormatException($"More than {MostSamples} samples.");
            }

            samples.Add(ParseLine(line, number));
        }

        return samples;
    }

    private static MetricSample ParseLine(ReadOnlySpan<char> line, int number)
    {
        var nameEnd = line.IndexOfAny(" \t{");
        if (nameEnd <= 0)
        {
            throw Bad(number);
        }

        var name = line[..nameEnd].ToString();
        var rest = line[nameEnd..].TrimStart();
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        if (rest.StartsWith("{"))
        {
            rest = ParseLabels(rest[1..], labels, number).TrimStart();
        }

        var valueEnd = rest.IndexOfAny(" \t");
        var value = valueEnd < 0 ? rest : rest[..valueEnd];
        return new(name, labels, ParseValue(value) ?? throw Bad(number));
    }

    private static ReadOnlySpan<char> ParseLabels(ReadOnlySpan<char> rest, Dictionary<string, string> labels, int number)
    {
        while (true)
        {
            rest = rest.TrimStart();
            if (rest.StartsWith("}"))
            {
                return rest[1..];
            }

            var equals = rest.IndexOf('=');
            if (equals <= 0)
            {
                throw Bad(number);
            }

            var label = rest[..equals].Trim().ToString();
            rest = rest[(equals + 1)..].TrimStart();
            if (!rest.StartsWith("\""))
            {
                throw Bad(number);
            }

            rest = Unescape(rest[1..], number, out var value);
            if (labels.Count == 64 || !labels.TryAdd(label, value))
            {
                throw Bad(number);
            }

            rest = rest.TrimStart();
            if (rest.StartsWith(","))
            {
                rest = rest[1..];
            }
        }
    }

    private static ReadOnlySpan<char> Unescape(ReadOnlySpan<char> rest, int number, out string value)
    {
        var text = new StringBuilder();
        for (var i = 0; i < rest.Length; i++)
        {
            switch (rest[i])
            {
                case '"':
                    value = text.ToString();
                    return rest[(i + 1)..];
                case '\\' when i + 1 < rest.Length:
                    i++;
                    text.Append(rest[i] == 'n' ? '\n' : rest[i]);
                    break;
                default:
                    text.Append(rest[i]);
                    break;
            }
        }

        throw Bad(number);
    }

    /// <summary>A value as Prometheus writes it, or null when it is no number.</summary>
    public static double? ParseValue(ReadOnlySpan<char> value) => value switch
    {
        "+Inf" or "Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        "NaN" => double.NaN,
        _ => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed) ? parsed : null,
    };

    private static FormatException Bad(int number) => new($"Line {number} is not in the Prometheus text format.");
}
