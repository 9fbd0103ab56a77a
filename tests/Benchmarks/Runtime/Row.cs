using System.Globalization;

namespace Ops.Benchmarks.Runtime;

/// <summary>One line of the table.</summary>
/// <param name="Model">Name of the model.</param>
/// <param name="Path">How it was asked: <see cref="Raw"/> or a server and protocol.</param>
/// <param name="Clients">Requests under way at a time.</param>
/// <param name="Load">What came of it.</param>
/// <param name="ServerCores">CPU seconds a second of the server; of this process for the raw loop.</param>
/// <param name="ClientCores">CPU seconds a second of the client.</param>
/// <param name="AllocatedPerRequest">Managed bytes that the server allocated for a request; null when it does not tell.</param>
/// <param name="Resident">Resident memory of the server in bytes at the end.</param>
internal sealed record Row(string Model, string Path, int Clients, LoadResult Load, double ServerCores, double ClientCores, double? AllocatedPerRequest, long Resident)
{
    /// <summary>The loop without a server.</summary>
    public const string Raw = "raw loop";

    /// <summary>The server's answer that it is alive: no inference at all.</summary>
    public const string HttpAlone = "HTTP alone";

    public const string Head =
        "| model | path | clients | requests/s | p50 ms | p99 ms | allocated B/request | RSS MiB | server CPU | client CPU | throughput / raw | throughput per server CPU second / raw |\n"
        + "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|";

    /// <summary>Requests for each CPU second of the server.</summary>
    public double PerCpuSecond => ServerCores > 0 ? Load.Throughput / ServerCores : 0;

    /// <summary>The row as Markdown, compared with the raw loop at as many clients.</summary>
    public string Format(Row raw)
    {
        var (plain, perCpu) = (Load.Throughput / raw.Load.Throughput, PerCpuSecond / raw.PerCpuSecond);
        return string.Create(CultureInfo.InvariantCulture,
            $"| {Model} | {Path} | {Clients} | {Load.Throughput:F1} | {Load.P50.TotalMilliseconds:F3} | {Load.P99.TotalMilliseconds:F3} | {AllocatedPerRequest:F0} | {Resident / 1048576.0:F0} | {ServerCores:F2} | {ClientCores:F2} | {(this == raw ? string.Empty : plain.ToString("F2", CultureInfo.InvariantCulture))} | {(this == raw ? string.Empty : perCpu.ToString("F2", CultureInfo.InvariantCulture))} |{(Load.Failed > 0 ? $" {Load.Failed} FAILED" : string.Empty)}");
    }
}
