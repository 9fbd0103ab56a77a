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
    private readonly IReplicaTransport[] transports;
    private readonly IReplicaFigures[] figures;
    private readonly TimeSpan timeout;
    private readonly TimeProvider time;

    /// <summary>Keeps one connection to each replica.</summary>
    public Scraper(IOptions<MonitoringOptions> options, TimeProvider time, IEnumerable<IReplicaTransport>? transports = null, IEnumerable<IReplicaFigures>? figures = null)
    {
        this.time = time;
        this.transports = [.. transports ?? []];
        this.figures = [.. figures ?? []];
        timeout = TimeSpan.FromSeconds(options.Value.TimeoutSeconds);
        client = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.None })
        {
            Timeout = TimeSpan.FromSeconds(options.Value.TimeoutSeconds),
            MaxResponseContentBufferSize = MostBytes,
        };
        client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("text/plain"));
    }

    /// <summary>Whether a replica's figures can be had now: from who knows them, by its address or through what stands in front of it.</summary>
    public bool Reaches(EndpointRef endpoint, ReplicaObservation replica) => figures.Any(f => f.Carries(endpoint, replica)) || replica.Address is not null || transports.Any(t => t.Reaches(endpoint, replica));

    /// <summary>What a read of a replica's figures is taken from; null where it is not limited.</summary>
    public FigureBudget? BudgetOf(EndpointRef endpoint, ReplicaObservation replica) => figures.Any(f => f.Carries(endpoint, replica)) || replica.Address is not null
        ? null
        : transports.FirstOrDefault(t => t.Reaches(endpoint, replica))?.BudgetOf(endpoint);

    /// <summary>Reads a replica's counters.</summary>
    /// <exception cref="HttpRequestException">It does not answer, or not with success.</exception>
    /// <exception cref="FormatException">It answers something else.</exception>
    /// <exception cref="OperationCanceledException">It did not answer in time.</exception>
    public async Task<CounterReading> ReadAsync(EndpointRef endpoint, ReplicaObservation replica, CancellationToken cancellation)
    {
        if (figures.FirstOrDefault(f => f.Carries(endpoint, replica)) is { } source)
        {
            var (samples, at) = await source.ReadAsync(endpoint, replica, cancellation);
            return RuntimeScrape.Read(samples, at);
        }

        var bytes = replica.Address is { } address
            ? await client.GetByteArrayAsync(new Uri(address, "/metrics"), cancellation)
            : await ReadThroughAsync(endpoint, replica, cancellation);
        return RuntimeScrape.Read(PrometheusText.Parse(Encoding.UTF8.GetString(bytes)), time.GetUtcNow());
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    private async Task<byte[]> ReadThroughAsync(EndpointRef endpoint, ReplicaObservation replica, CancellationToken cancellation)
    {
        var transport = transports.FirstOrDefault(t => t.Reaches(endpoint, replica)) ?? throw new HttpRequestException($"{replica.Id} cannot be reached.");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(timeout);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/metrics", UriKind.Relative));
        using var response = await transport.SendAsync(endpoint, replica, request, patience.Token);
        response.EnsureSuccessStatusCode();
        await response.Content.LoadIntoBufferAsync(MostBytes, patience.Token);
        return await response.Content.ReadAsByteArrayAsync(patience.Token);
    }
}
