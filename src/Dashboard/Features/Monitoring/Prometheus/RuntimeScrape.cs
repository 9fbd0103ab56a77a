using System.Globalization;
using Ops.Dashboard.Features.Monitoring.Series;

namespace Ops.Dashboard.Features.Monitoring.Prometheus;

/// <summary>Takes from a scrape of our runtime what the charts need.</summary>
internal static class RuntimeScrape
{
    private const string Requests = "ops_runtime_requests_total";
    private const string Failures = "ops_runtime_request_failures_total";

    /// <summary>The metrics that are read.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "ops_runtime_info", Requests, Failures, "ops_runtime_requests_in_flight", "ops_runtime_request_duration_seconds_bucket",
        "process_cpu_seconds_total", "process_resident_memory_bytes",
    ];

    /// <summary>Sums over all models of the process.</summary>
    /// <exception cref="FormatException">It is not our runtime that answers, or a count is no number or missing: then nothing of it is taken for
    /// true.</exception>
    public static CounterReading Read(IReadOnlyCollection<MetricSample> samples, DateTimeOffset at)
    {
        if (!samples.Any(s => s.Name == "ops_runtime_info"))
        {
            throw new FormatException("This is not a scrape of the Ops runtime.");
        }

        // Failures that are left out or no number would read as none, which is what a gate waits for.
        var requests = Count(samples, Requests);
        if (requests > 0 && !samples.Any(s => s.Name == Failures))
        {
            throw new FormatException($"The scrape has {Requests} without {Failures}.");
        }

        return new()
        {
            At = at,
            Requests = requests,
            Failures = Count(samples, Failures),
            InFlight = Sum(samples, "ops_runtime_requests_in_flight"),
            Durations = ReadHistogram(samples, "ops_runtime_request_duration_seconds_bucket"),
            CpuSeconds = Single(samples, "process_cpu_seconds_total"),
            MemoryBytes = Single(samples, "process_resident_memory_bytes"),
        };
    }

    /// <summary>Turns cumulative <c>le</c> buckets, summed over models, into counts per bucket.</summary>
    internal static Histogram ReadHistogram(IEnumerable<MetricSample> samples, string name)
    {
        var cumulative = new SortedDictionary<double, double>();
        foreach (var sample in samples)
        {
            if (sample.Name == name && sample.Labels.TryGetValue("le", out var le))
            {
                var bound = le == "+Inf" ? double.PositiveInfinity : double.Parse(le, CultureInfo.InvariantCulture);
                cumulative[bound] = cumulative.GetValueOrDefault(bound) + sample.Value;
            }
        }

        if (cumulative.Count == 0)
        {
            return Histogram.Empty;
        }

        var bounds = cumulative.Keys.Where(double.IsFinite).ToArray();
        var counts = new long[bounds.Length + 1];
        double below = 0;
        var i = 0;
        foreach (var (_, count) in cumulative)
        {
            counts[i++] = Whole(count - below, name);
            below = count;
        }

        return new(bounds, counts);
    }

    private static long Count(IEnumerable<MetricSample> samples, string name) => Whole(Sum(samples, name), name);

    private static long Whole(double count, string name) =>
        count is >= 0 and <= long.MaxValue / 2 ? (long)count : throw new FormatException($"{name} is {count.ToString(CultureInfo.InvariantCulture)}, which is no count.");

    private static double Sum(IEnumerable<MetricSample> samples, string name) => samples.Where(s => s.Name == name).Sum(s => s.Value);

    private static double Single(IEnumerable<MetricSample> samples, string name) => samples.FirstOrDefault(s => s.Name == name)?.Value ?? double.NaN;
}
