using System.Text.Json;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Dashboard.Hosting;

namespace Ops.Dashboard.Features.Monitoring.Prometheus;

/// <summary>One series and the newest sample of it.</summary>
/// <param name="Sample">Name, labels and value.</param>
/// <param name="At">When Prometheus took it.</param>
internal sealed record PrometheusSample(MetricSample Sample, DateTimeOffset At);

/// <summary>Asks a Prometheus by its HTTP API (<see href="https://prometheus.io/docs/prometheus/latest/querying/api/"/>).</summary>
internal sealed class PrometheusClient : IDisposable
{
    /// <summary>How far back a sample is looked for; older ones say nothing about now.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);

    private const int MostBytes = 64 * 1024 * 1024;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ConnectCallback = ConnectAsync })
    {
        Timeout = Timeout,
        MaxResponseContentBufferSize = MostBytes,
    };

    /// <summary>The newest sample of each series of a selector, if it is fresh.</summary>
    /// <param name="server">Where Prometheus answers.</param>
    /// <param name="selector">Such as <c>{namespace="models"}</c>.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="HttpRequestException">It does not answer, or refuses; the message says which.</exception>
    /// <exception cref="FormatException">It answers something else.</exception>
    public async Task<IReadOnlyList<PrometheusSample>> NewestAsync(Uri server, string selector, CancellationToken cancellation)
    {
        // A range has the moments at which samples were taken; a plain query has the moment of the question instead.
        var query = $"{selector}[{(int)Freshness.TotalSeconds}s]";
        using var form = new FormUrlEncodedContent([new("query", query)]);
        using var reply = await SendAsync(server, form, cancellation);
        try
        {
            using var body = JsonDocument.Parse(await reply.Content.ReadAsByteArrayAsync(cancellation));
            var result = body.RootElement.GetProperty("data").GetProperty("result");
            return result.GetArrayLength() > PrometheusText.MostSamples
                ? throw new FormatException($"Prometheus has more than {PrometheusText.MostSamples} series of this.")
                : [.. result.EnumerateArray().Select(Read)];
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException("What answers there is no Prometheus.", exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private static ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation) => CheckedAddresses.ConnectAsync(
        context.DnsEndPoint, AddressRules.IsMetadata, host => new HttpRequestException(AddressRules.RefusalOf(host)), cancellation);

    private async Task<HttpResponseMessage> SendAsync(Uri server, HttpContent form, CancellationToken cancellation)
    {
        HttpResponseMessage reply;
        try
        {
            reply = await http.PostAsync(new Uri($"{server.ToString().TrimEnd('/')}/api/v1/query"), form, cancellation);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new HttpRequestException($"Prometheus at {server} has not answered within {Timeout.TotalSeconds:0} s.", exception);
        }

        if (reply.IsSuccessStatusCode)
        {
            return reply;
        }

        using (reply)
        {
            throw new HttpRequestException($"Prometheus at {server} answers {(int)reply.StatusCode}.");
        }
    }

    private static PrometheusSample Read(JsonElement series)
    {
        var labels = series.GetProperty("metric").EnumerateObject().ToDictionary(l => l.Name, l => l.Value.GetString() ?? "", StringComparer.Ordinal);
        var last = series.GetProperty("values").EnumerateArray().Last();
        labels.Remove("__name__", out var name);
        var value = PrometheusText.ParseValue(last[1].GetString()) ?? throw new FormatException("Prometheus has a value that is no number.");
        return new(new(name ?? "", labels, value), DateTimeOffset.FromUnixTimeMilliseconds((long)(last[0].GetDouble() * 1000)));
    }
}
