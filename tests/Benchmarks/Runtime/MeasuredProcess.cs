using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Ops.Runtime.Tests.Support;
using Ops.Testing.Runtime;

namespace Ops.Benchmarks.Runtime;

/// <summary>A server in a process of its own.</summary>
internal sealed class MeasuredProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(2);
    private readonly Process process;
    private readonly bool hasMetrics;
    private readonly HttpClient http = new();

    private MeasuredProcess(Process process, Endpoints endpoints, bool hasMetrics)
    {
        (this.process, Endpoints, this.hasMetrics) = (process, endpoints, hasMetrics);
    }

    public Endpoints Endpoints { get; }

    /// <summary>Starts the runtime as whoever operates it does: its own configuration, process and run folder.</summary>
    /// <param name="folder">An empty folder for it.</param>
    /// <param name="models">What it serves.</param>
    /// <param name="threads">CPU threads of inference.</param>
    /// <param name="settings">Further settings, as environment variables.</param>
    public static async Task<MeasuredProcess> StartRuntimeAsync(string folder, BenchmarkModel[] models, int threads, params (string Key, string Value)[] settings)
    {
        var run = Path.Combine(folder, "run");
        Directory.CreateDirectory(run);
        var configuration = Path.Combine(folder, "runtime.json");
        await File.WriteAllBytesAsync(configuration, Settings.Json(models.Select(m => m.Options), Path.Combine(folder, "cache"), run, threads));
        var start = new ProcessStartInfo("dotnet") { ArgumentList = { Path.Combine(AppContext.BaseDirectory, "Ops.Runtime.dll"), "--config", configuration } };
        foreach (var (key, value) in ((string, string)[])[.. settings, ("Ops__Runtime__GrpcUrls", "http://127.0.0.1:0"), ("Ops__Runtime__LogFile", Path.Combine(folder, "runtime.log"))])
        {
            start.Environment[key] = value;
        }

        var process = Process.Start(start)!;
        var state = await WaitAsync(process, () => ReadState(Path.Combine(run, "process.json")));
        var grpc = state.TryGetProperty("grpcUrl", out var url) && url.ValueKind == JsonValueKind.String ? new Uri(url.GetString()!) : null;
        return new MeasuredProcess(process, new Endpoints(new Uri(state.GetProperty("url").GetString()!), grpc), hasMetrics: true);
    }

    /// <summary>Starts another server that writes its URL into a file once it listens.</summary>
    public static async Task<MeasuredProcess> StartPeerAsync(ProcessStartInfo start, string urlFile)
    {
        var process = Process.Start(start)!;
        var url = await WaitAsync(process, () => File.Exists(urlFile) ? File.ReadAllText(urlFile) : null);
        return new MeasuredProcess(process, new Endpoints(new Uri(url), null), hasMetrics: false);
    }

    /// <summary>Reads what it has used up to now.</summary>
    public async Task<Usage> ReadAsync()
    {
        process.Refresh();
        var usage = Usage.OfThisProcess() with { ServerCpu = process.TotalProcessorTime, Resident = process.WorkingSet64 };
        if (!hasMetrics)
        {
            return usage;
        }

        var lines = (await http.GetStringAsync(new Uri(Endpoints.Http, "/metrics"))).Split('\n');
        return usage with { Allocated = Sum(lines, "dotnet_gc_allocated_bytes_total"), Answered = Sum(lines, "nv_inference_request_success") };
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private static double Sum(string[] lines, string name) => lines
        .Where(l => l.StartsWith(name, StringComparison.Ordinal) && l[name.Length] is ' ' or '{')
        .Sum(l => double.Parse(l.AsSpan(l.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture));

    private static JsonElement? ReadState(string file)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        return document.RootElement.GetProperty("state").GetString() switch
        {
            "ready" => document.RootElement.Clone(),
            "failed" => throw new InvalidOperationException($"The server failed: {document.RootElement.GetProperty("error")}"),
            _ => null,
        };
    }

    private static async Task<T> WaitAsync<T>(Process process, Func<T?> read) where T : class
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < StartPatience; await Task.Delay(50))
        {
            if (read() is { } found)
            {
                return found;
            }

            if (process.HasExited)
            {
                throw new InvalidOperationException($"The server ended with {process.ExitCode} before it was ready.");
            }
        }

        process.Kill();
        throw new TimeoutException("The server did not become ready.");
    }

    private static async Task<JsonElement> WaitAsync(Process process, Func<JsonElement?> read) =>
        (await WaitAsync<object>(process, () => read())) is JsonElement state ? state : default;
}
