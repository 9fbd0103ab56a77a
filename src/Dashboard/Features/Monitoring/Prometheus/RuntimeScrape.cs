using System.Globalization;
using Ops.Dashboard.Features.Monitoring.Series;

namespace Ops.Dashboard.Features.Monitoring.Prometheus;

/// <summary>Takes from a scrape of our runtime what the charts need.</summary>
internal static class RuntimeScrape
{
    /// <summary>The metrics that are read.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "ops_runtime_info", "ops_runtime_requests_total", "ops_runtime_request_failures_total", "ops_runtime_requests_in_flight", "ops_runtime_request_duration_seconds_bucket",
        "process_cpu_seconds_total", "process_resident_memory_bytes",
    ];

    /// <summary>Sums over all models of the process.</summary>
    /// <exception cref="FormatException">The scrape lacks the runtime's own counters: it is not our runtime that answers.</exception>
    public static CounterReading Read(IReadOnlyCollection<MetricSample> samples, DateTimeOffset at)
    {
        if (!samples.Any(s => s.Name == "ops_runtime_info"))
        {
            throw new FormatException("This is not a scrape of the Ops runtime.");
        }

        return new()
        {
            At = at,
            Requests = (long)Sum(samples, "ops_runtime_requests_total"),
            Failures = (long)Sum(samples, "ops_runtime_request_failures_total"),
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
            counts[i++] = (long)(count - below);
            below = count;
        }

        return new(bounds, counts);
    }

    private static double Sum(IEnumerable<MetricSample> samples, string name) => samples.Where(s => s.Name == name).Sum(s => s.Value);

    private static double Single(IEnumerable<MetricSample> samples, string name) => samples.FirstOrDefault(s => s.Name == name)?.Value ?? double.NaN;
}
