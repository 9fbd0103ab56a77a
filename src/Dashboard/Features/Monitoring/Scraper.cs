using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Monitoring.Prometheus;
using Ops.Dashboard.Features.Monitoring.Series;
using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Features.Monitoring;

/// <summary>Asks one replica for its metrics.</summary>
internal sealed class Scraper : IDisposable
{
    private const int MostBytes = 4 * 1024 * 1024;
    private readonly HttpClient client;
    private readonly TimeProvider time;

    /// <summary>Keeps one connection to each replica.</summary>
    public Scraper(IOptions<MonitoringOptions> options, TimeProvider time)
    {
        this.time = time;
        client = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.None })
        {
            Timeout = TimeSpan.FromSeconds(options.Value.TimeoutSeconds),
            MaxResponseContentBufferSize = MostBytes,
        };
        client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("text/plain"));
    }

    /// <summary>Reads a replica's counters.</summary>
    /// <exception cref="HttpRequestException">It does not answer, or not with success.</exception>
    /// <exception cref="FormatException">It answers something else.</exception>
    /// <exception cref="OperationCanceledException">It did not answer in time.</exception>
    public async Task<CounterReading> ReadAsync(ReplicaObservation replica, CancellationToken cancellation)
    {
        var bytes = await client.GetByteArrayAsync(new Uri(replica.Address!, "/metrics"), cancellation);
        return RuntimeScrape.Read(PrometheusText.Parse(Encoding.UTF8.GetString(bytes)), time.GetUtcNow());
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();
}
