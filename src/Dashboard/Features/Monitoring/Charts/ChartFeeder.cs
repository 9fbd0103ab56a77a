using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.Features.Monitoring.Charts;

/// <summary>A value at a moment (seconds since 1970); NaN when it is known that nothing is known.</summary>
internal readonly record struct ChartSample(double At, double Value);

/// <summary>One line of a chart: where its values come from, and which of several in one step counts.</summary>
/// <param name="After">Samples later than a moment, oldest first.</param>
/// <param name="Worst">The largest of a step counts, as for latency; otherwise their mean.</param>
internal sealed record ChartLine(Func<double, IEnumerable<ChartSample>> After, bool Worst = false);

/// <summary>
/// Brings lines that were read at slightly different moments onto one time axis of equal steps and hands them out once: first
/// everything in the window, then only what is new. A value is held over steps that merely fell between two readings; beyond that,
/// and where nothing could be read, there is a gap. For one chart of one page.
/// </summary>
internal sealed class ChartFeeder
{
    private const int HoldSeconds = 3;
    private readonly IReadOnlyList<ChartLine> lines;
    private readonly int step;
    private readonly long hold;
    private readonly (long Bucket, double Value)[] last;
    private long sent;
    private long lastAny = long.MinValue;
    private bool inGap = true;

    /// <param name="lines">The lines in the chart's order.</param>
    /// <param name="step">Seconds of one step.</param>
    /// <param name="from">Where the window begins, in seconds since 1970.</param>
    public ChartFeeder(IReadOnlyList<ChartLine> lines, int step, double from)
    {
        (this.lines, this.step) = (lines, step);
        hold = Math.Max(1, (HoldSeconds + step - 1) / step);
        last = new (long, double)[lines.Count];
        Array.Fill(last, (long.MinValue / 2, double.NaN));
        sent = (long)Math.Floor(from / step) - 1;
    }

    /// <summary>The steps that are complete by now and were not handed out yet, or null when there is none.</summary>
    /// <param name="now">Seconds since 1970.</param>
    public ChartPoints? Take(double now)
    {
        var until = (long)Math.Floor(now / step) - 1;
        if (until <= sent)
        {
            return null;
        }

        var read = lines.Select(line => Read(line, until)).ToArray();
        var times = new List<double>();
        var values = lines.Select(_ => new List<double>()).ToArray();
        for (var bucket = sent + 1; bucket <= until; bucket++)
        {
            var any = Array.Exists(read, found => found.ContainsKey(bucket));
            if (any)
            {
                (lastAny, inGap) = (bucket, false);
            }
            else if (inGap || bucket - lastAny <= hold)
            {
                continue;
            }
            else
            {
                inGap = true;
            }

            times.Add(bucket * (double)step);
            for (var line = 0; line < lines.Count; line++)
            {
                values[line].Add(Value(line, bucket, read[line]));
            }
        }

        sent = until;
        return times.Count == 0 ? null : new([.. times], [.. values.Select(v => v.ToArray())]);
    }

    private double Value(int line, long bucket, Dictionary<long, double> found)
    {
        if (found.TryGetValue(bucket, out var value))
        {
            last[line] = (bucket, value);
            return value;
        }

        return bucket - last[line].Bucket <= hold ? last[line].Value : double.NaN;
    }

    private Dictionary<long, double> Read(ChartLine line, long until)
    {
        var found = new Dictionary<long, double>();
        var counts = new Dictionary<long, int>();
        foreach (var sample in line.After(((sent + 1) * step) - 0.0005))
        {
            var bucket = (long)Math.Floor(sample.At / step);
            if (bucket <= sent || bucket > until)
            {
                continue;
            }

            if (!found.TryGetValue(bucket, out var before) || double.IsNaN(before))
            {
                (found[bucket], counts[bucket]) = (sample.Value, 1);
            }
            else if (!double.IsNaN(sample.Value))
            {
                counts[bucket]++;
                found[bucket] = line.Worst ? Math.Max(before, sample.Value) : before + ((sample.Value - before) / counts[bucket]);
            }
        }

        return found;
    }
}
