using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace Ops.EndToEnd.Tests.Support;

/// <summary>One request of a client.</summary>
/// <param name="From">When it was sent, by <see cref="Stopwatch.GetTimestamp"/>.</param>
/// <param name="To">When its answer was there or it had failed.</param>
/// <param name="Model">Which model answered; null when it failed.</param>
/// <param name="Failure">Status and text, or what broke; null when it was answered.</param>
public sealed record Sent(long From, long To, string? Model, string? Failure);

/// <summary>Clients that send requests without pause, and remember each.</summary>
public sealed class Clients : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<Sent> sent = new();
    private readonly HttpClient http;
    private readonly Task running;

    private Clients(Uri address, int count, Digits digits, string endpoint, string model)
    {
        http = new(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = count }) { BaseAddress = address };
        running = Task.WhenAll(Enumerable.Range(0, count).Select(client => Task.Run(() => SendAsync(client, digits, $"/serve/{endpoint}/v2/models/{model}/infer"))));
    }

    /// <summary>How many requests have ended.</summary>
    public int Count => sent.Count;

    /// <summary>Lets clients loose.</summary>
    public static Clients Start(Uri address, int count, Digits digits, string endpoint, string model) => new(address, count, digits, endpoint, model);

    /// <summary>Stops them once each has its last answer.</summary>
    /// <returns>Every request, in the order they ended.</returns>
    public async Task<IReadOnlyList<Sent>> StopAsync()
    {
        await stop.CancelAsync();
        await running;
        return [.. sent];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        http.Dispose();
        stop.Dispose();
    }

    private async Task SendAsync(int client, Digits digits, string address)
    {
        for (var index = client; !stop.IsCancellationRequested; index++)
        {
            var image = index % Digits.Count;
            var from = Stopwatch.GetTimestamp();
            var (model, failure) = await AskAsync(digits, address, image);
            sent.Enqueue(new(from, Stopwatch.GetTimestamp(), model, failure));
        }
    }

    private async Task<(string? Model, string? Failure)> AskAsync(Digits digits, string address, int image)
    {
        try
        {
            using var answer = await http.PostAsync(address, digits.Request(image));
            var text = await answer.Content.ReadAsStringAsync();
            if (!answer.IsSuccessStatusCode)
            {
                return (null, $"{(int)answer.StatusCode} {text}");
            }

            using var json = JsonDocument.Parse(text);
            var model = digits.WhoAnswered(image, Digits.Logits(json.RootElement));
            return (model, model is null ? $"A wrong answer: {text}" : null);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or TaskCanceledException)
        {
            return (null, $"{exception.GetType().Name}: {exception.Message}");
        }
    }
}
