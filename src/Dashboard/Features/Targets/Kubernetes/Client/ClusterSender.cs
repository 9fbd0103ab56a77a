using System.Text.Json;
using System.Threading.RateLimiting;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>Whether a request may be sent again when nobody knows what became of it.</summary>
internal enum Repeat
{
    /// <summary>Done twice it is as done once.</summary>
    Safe,

    /// <summary>Only when the cluster says that it did nothing.</summary>
    IfUndone,

    /// <summary>Whoever asked decides.</summary>
    Never,
}

/// <summary>Sends requests to one cluster: not too many at once, again where that is safe, and with a sentence for people when it does not work.</summary>
internal sealed class ClusterSender : IDisposable
{
    /// <summary>The longest pause that a cluster may ask for.</summary>
    public static readonly TimeSpan LongestAsked = TimeSpan.FromSeconds(30);

    private const int Attempts = 5;
    private const int Queue = 10_000;
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    private readonly HttpClient http;
    private readonly TokenBucketRateLimiter limiter;
    private readonly TokenBucketRateLimiter glances;
    private readonly TimeSpan timeout;
    private readonly TimeProvider time;

    /// <param name="http">Signs in by itself; its base address is the cluster's.</param>
    /// <param name="options">Limits.</param>
    /// <param name="time">Waits between attempts go by it.</param>
    public ClusterSender(HttpClient http, KubernetesOptions options, TimeProvider time)
    {
        (this.http, this.time, timeout) = (http, time, options.RequestTimeout);
        limiter = Limiter(options.RequestsPerSecond, options.Burst, Queue);
        glances = Limiter(options.FiguresPerSecond, options.FiguresPerSecond, 0);
    }

    /// <summary>Sends a request and reads the whole answer.</summary>
    /// <param name="make">Makes the request, anew for each attempt.</param>
    /// <param name="what">What it is, for messages.</param>
    /// <param name="repeat">Whether it may be sent again.</param>
    /// <param name="read">Reads the answer.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ClusterException">It was not done, or nobody knows.</exception>
    public async Task<T> SendAsync<T>(Func<HttpRequestMessage> make, string what, Repeat repeat, Func<Stream, CancellationToken, Task<T>> read, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            ClusterException failure;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(timeout);
            try
            {
                using var reply = await SendOnceAsync(make(), limit.Token);
                if (reply.IsSuccessStatusCode && ClusterAnswers.Foreign(reply) is null)
                {
                    return await ReadAsync(reply, read, limit.Token);
                }

                failure = await RefusalAsync(reply, what, limit.Token);
            }
            catch (ClusterException exception)
            {
                failure = exception;
            }
            catch (Exception exception) when (IsBroken(exception) && !cancellation.IsCancellationRequested)
            {
                failure = ClusterAnswers.Unreachable(exception, http.BaseAddress);
            }

            if (attempt >= Attempts || !MayRepeat(failure.Problem, repeat))
            {
                throw failure;
            }

            await Task.Delay(Pause(attempt, failure.RetryAfter), time, cancellation);
        }
    }

    /// <summary>Sends a request whose answer is a stream; only its beginning has a time limit.</summary>
    /// <exception cref="ClusterException">The cluster refused it or did not answer.</exception>
    public async Task<HttpResponseMessage> OpenAsync(HttpRequestMessage request, string what, CancellationToken cancellation) =>
        await AcceptedAsync(await SendRawAsync(request, cancellation), what, cancellation);

    /// <summary>Sends a request that is only worth while there is room for it: it waits for nothing, and nothing waits behind it.</summary>
    /// <exception cref="ClusterException">The cluster refused it or did not answer, or this second's share of such requests is used up.</exception>
    public async Task<HttpResponseMessage> GlanceAsync(HttpRequestMessage request, string what, CancellationToken cancellation)
    {
        using var sent = request;
        using var lease = glances.AttemptAcquire();
        if (!lease.IsAcquired)
        {
            throw new ClusterException(ClusterProblem.TooManyRequests, $"The dashboard does not {what} now, because it has looked at much in this cluster just before.");
        }

        return await AcceptedAsync(await SendThroughAsync(request, cancellation), what, cancellation);
    }

    /// <summary>Sends a request as it is and gives any answer back.</summary>
    /// <exception cref="ClusterException">There was no answer.</exception>
    public async Task<HttpResponseMessage> SendRawAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(timeout);
        try
        {
            return await SendOnceAsync(request, limit.Token);
        }
        catch (Exception exception) when (IsBroken(exception) && !cancellation.IsCancellationRequested)
        {
            throw ClusterAnswers.Unreachable(exception, http.BaseAddress);
        }
    }

    /// <summary>
    /// Sends a request that something behind the API answers, and gives any answer back. Whoever asks says how long it may take, and the requests of
    /// clients do not use up what watches and applies may send: the API has limits of its own for them.
    /// </summary>
    /// <exception cref="ClusterException">There was no answer.</exception>
    public async Task<HttpResponseMessage> SendThroughAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
        catch (Exception exception) when (IsBroken(exception) && !cancellation.IsCancellationRequested)
        {
            throw ClusterAnswers.Unreachable(exception, http.BaseAddress);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        limiter.Dispose();
        glances.Dispose();
        http.Dispose();
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using (request)
        {
            using var lease = await limiter.AcquireAsync(1, cancellation);
            if (!lease.IsAcquired)
            {
                throw new ClusterException(ClusterProblem.TooManyRequests, "The dashboard has too many requests to this cluster waiting.");
            }

            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
    }

    private async Task<HttpResponseMessage> AcceptedAsync(HttpResponseMessage reply, string what, CancellationToken cancellation)
    {
        if (reply.IsSuccessStatusCode && ClusterAnswers.Foreign(reply) is null)
        {
            return reply;
        }

        using (reply)
        {
            throw await RefusalAsync(reply, what, cancellation);
        }
    }

    private async Task<ClusterException> RefusalAsync(HttpResponseMessage reply, string what, CancellationToken cancellation) =>
        reply.IsSuccessStatusCode ? ClusterAnswers.Foreign(reply)! : await ClusterAnswers.ReadAsync(reply, what, time.GetUtcNow(), cancellation);

    private static async Task<T> ReadAsync<T>(HttpResponseMessage reply, Func<Stream, CancellationToken, Task<T>> read, CancellationToken cancellation)
    {
        await using var body = await reply.Content.ReadAsStreamAsync(cancellation);
        try
        {
            return await read(body, cancellation);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or FormatException or InvalidDataException or InvalidOperationException and not ClusterException)
        {
            throw ClusterAnswers.NoApi(reply, "what it sent cannot be read", exception);
        }
    }

    private static TokenBucketRateLimiter Limiter(int perSecond, int burst, int queue) => new(new()
    {
        TokenLimit = burst,
        TokensPerPeriod = Math.Max(1, perSecond / 10),
        ReplenishmentPeriod = TimeSpan.FromSeconds(Math.Max(1, perSecond / 10) / (double)perSecond),
        QueueLimit = queue,
        AutoReplenishment = true,
    });

    private static bool IsBroken(Exception exception) => exception is HttpRequestException or IOException or OperationCanceledException or TimeoutException;

    // 429 is answered before anything is done; any other failure may come after.
    private static bool MayRepeat(ClusterProblem problem, Repeat repeat) => repeat switch
    {
        Repeat.Safe => problem is ClusterProblem.Unreachable or ClusterProblem.TooManyRequests or ClusterProblem.Unavailable,
        Repeat.IfUndone => problem is ClusterProblem.TooManyRequests,
        _ => false,
    };

    private static TimeSpan Pause(int attempt, TimeSpan? asked)
    {
        // Spread, so that dashboards that failed together do not come back together.
        var longest = First * Math.Pow(2, attempt - 1);
#pragma warning disable CA5394 // No secret: it only spreads load.
        var own = (longest < Longest ? longest : Longest) * (0.5 + (Random.Shared.NextDouble() / 2));
#pragma warning restore CA5394
        return asked is not { } wanted || wanted < own ? own : wanted < LongestAsked ? wanted : LongestAsked;
    }
}
