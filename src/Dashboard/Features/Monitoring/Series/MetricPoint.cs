namespace Ops.Dashboard.Features.Monitoring.Series;

/// <summary>What counters say at one moment.</summary>
internal sealed record CounterReading
{
    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Requests answered since the process started.</summary>
    public required long Requests { get; init; }

    /// <summary>Of them, those answered with 500 or above.</summary>
    public required long Failures { get; init; }

    /// <summary>Durations of requests in seconds.</summary>
    public required Histogram Durations { get; init; }

    /// <summary>Requests under way.</summary>
    public double InFlight { get; init; }

    /// <summary>CPU seconds used since the process started, or NaN.</summary>
    public double CpuSeconds { get; init; } = double.NaN;

    /// <summary>Resident memory in bytes, or NaN.</summary>
    public double MemoryBytes { get; init; } = double.NaN;
}

/// <summary>One second of a chart. NaN means that nothing is known, which is drawn as a gap and never as zero.</summary>
/// <param name="At">Seconds since 1970.</param>
/// <param name="Rate">Requests per second.</param>
/// <param name="FailureRate">Failed requests per second.</param>
/// <param name="P50">Median duration in seconds over the last window.</param>
/// <param name="P95">95th percentile of the duration in seconds.</param>
/// <param name="P99">99th percentile of the duration in seconds.</param>
/// <param name="InFlight">Requests under way.</param>
/// <param name="CpuCores">CPU in use, in cores.</param>
/// <param name="MemoryBytes">Resident memory in bytes.</param>
internal readonly record struct MetricPoint(
    double At, float Rate, float FailureRate, float P50, float P95, float P99, float InFlight, float CpuCores, float MemoryBytes)
{
    /// <summary>Failed requests as a share of all, 0 to 1; NaN without requests.</summary>
    public float ErrorShare => Rate > 0 ? FailureRate / Rate : float.NaN;

    /// <summary>A moment about which nothing is known.</summary>
    public static MetricPoint Gap(DateTimeOffset at) =>
        new(at.ToUnixTimeMilliseconds() / 1000.0, float.NaN, float.NaN, float.NaN, float.NaN, float.NaN, float.NaN, float.NaN, float.NaN);
}
