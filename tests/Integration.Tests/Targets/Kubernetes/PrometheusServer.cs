using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>A real Prometheus on loopback (<c>OPS_TEST_PROMETHEUS</c> names the program, else the installed one), and what it scrapes each second. Both end with this process.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("ops-prometheus-").FullName;
    private readonly WebApplication exporter;
    private Process? process;

    private PrometheusServer(WebApplication exporter) => this.exporter = exporter;

    /// <summary>Where it answers.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>Starts it over one target.</summary>
    /// <param name="labels">Labels of the target, such as <c>pod: a</c>.</param>
    /// <param name="exposition">What the target answers; asked each second.</param>
    public static async Task<PrometheusServer> StartAsync(IReadOnlyDictionary<string, string> labels, Func<string> exposition)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var exporter = builder.Build();
        exporter.Run(context => context.Response.WriteAsync(exposition()));
        await exporter.StartAsync();
        var server = new PrometheusServer(exporter);
        try
        {
            await server.StartAsync(labels);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false })
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process?.Dispose();
        await exporter.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private async Task StartAsync(IReadOnlyDictionary<string, string> labels)
    {
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            Address = new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        }

        var target = new Uri(exporter.Urls.First()).Authority;
        var config = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(config, $$"""
            global: {scrape_interval: 1s}
            scrape_configs:
            - job_name: test
              static_configs:
              - targets: ["{{target}}"]
                labels: { {{string.Join(", ", labels.Select(l => $"{l.Key}: \"{l.Value}\""))}} }
            """);
        var program = Environment.GetEnvironmentVariable("OPS_TEST_PROMETHEUS") is { Length: > 0 } given ? given : "prometheus";
        process = Process.Start(new ProcessStartInfo(
            program,
            [$"--config.file={config}", $"--storage.tsdb.path={Path.Combine(folder, "data")}", $"--web.listen-address={Address.Authority}", "--log.level=error"])
        { WorkingDirectory = folder })!;
        using var http = new HttpClient { BaseAddress = Address };
        await ClusterWorld.UntilAsync(
            async () =>
            {
                try
                {
                    return (await http.GetStringAsync(new Uri("/api/v1/query?query=up", UriKind.Relative))).Contains("\"1\"", StringComparison.Ordinal);
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            () => Task.FromResult("Prometheus does not scrape."));
    }
}
