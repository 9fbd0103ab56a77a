using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Features.Serving;

/// <summary>Sends a request to the ready replica with the fewest requests in flight and streams the answer back.</summary>
internal sealed class Forwarder : IDisposable
{
    private const int MaxAttempts = 5;
    private readonly ConcurrentDictionary<Guid, ReplicaPool> pools = new();
    private readonly ObservedEndpoints observed;
    private readonly RouteTable routes;
    private readonly ServingStatistics statistics;
    private readonly ShadowCopies shadows;
    private readonly ServingOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<Forwarder> log;
    private readonly ReplicaSender sender;
    private readonly BodyCopies bodies;

    /// <summary>Listens to what drivers see, so that waiting requests go on the moment a replica is ready.</summary>
    public Forwarder(
        ObservedEndpoints observed, RouteTable routes, ServingStatistics statistics, ReplicaSender sender, BodyCopies bodies, ShadowCopies shadows, IOptions<ServingOptions> options, TimeProvider time, ILogger<Forwarder> log)
    {
        (this.observed, this.routes, this.statistics, this.sender, this.bodies, this.shadows) = (observed, routes, statistics, sender, bodies, shadows);
        (this.options, this.time, this.log) = (options.Value, time, log);
        observed.Changed += OnChanged;
    }

    /// <summary>Requests in flight of an endpoint by replica id, as this router sent them.</summary>
    public IReadOnlyDictionary<string, int> InFlight(Guid endpointId) =>
        pools.TryGetValue(endpointId, out var pool) ? pool.InFlight() : new Dictionary<string, int>();

    /// <summary>Answers one request.</summary>
    /// <param name="context">The client's request.</param>
    /// <param name="route">The endpoint's route.</param>
    /// <param name="pathAndQuery">What the replica is asked for, such as <c>/v2/models/digits/infer</c>.</param>
    /// <param name="isPreview">Whether the revision in preview is meant, and nobody else.</param>
    public async Task ForwardAsync(HttpContext context, EndpointRoute route, string pathAndQuery, bool isPreview = false)
    {
        var counters = statistics.For(route.EndpointId);
        var began = Stopwatch.GetTimestamp();
        counters.Begin();
        var status = StatusCodes.Status502BadGateway;
        try
        {
            status = await SendAsync(context, route, pathAndQuery, counters, isPreview ? route.Preview : null);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone: nobody's failure (nginx counts these as 499 too).
            status = StatusCodes.Status499ClientClosedRequest;
        }
        finally
        {
            counters.End(status, Stopwatch.GetElapsedTime(began));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => observed.Changed -= OnChanged;

    private async Task<int> SendAsync(HttpContext context, EndpointRoute route, string pathAndQuery, EndpointCounters counters, Guid? only)
    {
        var pool = pools.GetOrAdd(route.EndpointId, _ => new(time, sender));
        pool.Update(observed.Find(route.EndpointId), route);
        using var activity = new ActivityTimeout(TimeSpan.FromSeconds(options.ActivityTimeoutSeconds), context.RequestAborted);
        var hasBody = HasBody(context);
        using var shadow = only is null ? shadows.Begin(route, context) : null;

        // What carries requests takes in their bodies before it knows whether the replica is there.
        using var kept = shadow is null && hasBody && pool.IsCarried ? bodies.Begin(context.Request.ContentLength) : null;
        PooledReplica? refused = null;
        for (var attempt = 1; ; attempt++)
        {
            var replica = await TakeAsync(pool, refused, only, activity.Token);
            if (replica is null)
            {
                context.Response.Headers.RetryAfter = "1";
                return await ServingErrors.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "No replica of this endpoint is ready. Try again in a moment.");
            }

            using var content = hasBody ? new ForwardedContent(context.Request.Body, context.Request.ContentLength, activity, shadow ?? kept) : null;
            using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(pathAndQuery, UriKind.Relative)) { Content = content };
            try
            {
                context.Request.Headers.CopyTo(request);
                using var response = await sender.SendAsync(replica, request, activity.Token);
                var status = await AnswerAsync(context, response, activity);
                if (shadow is not null)
                {
                    var tried = route.Shadow!.Value.PlanId;
                    shadows.Send(context, tried, pool.Take(null, tried), pathAndQuery, shadow);
                }

                return status;
            }
            catch (HttpRequestException exception) when (!context.Response.HasStarted && exception.HttpRequestError == HttpRequestError.ConnectionError)
            {
                // The replica got nothing, so another may take it, or the same one once it is back.
                pool.Suspect(replica);
                log.ReplicaRefused(route.Name, replica.Id, exception.Message);
                await (content?.StopAsync() ?? Task.CompletedTask);
                if (attempt == MaxAttempts || content is { CanRepeat: false })
                {
                    context.Response.Headers.RetryAfter = "1";
                    return await ServingErrors.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "The replicas of this endpoint cannot be reached. Try again in a moment.");
                }

                refused = replica;
                counters.Retried();
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException && !context.RequestAborted.IsCancellationRequested)
            {
                return await BrokenAsync(context, route, replica, exception);
            }
            finally
            {
                replica.Leave();
            }
        }
    }

    private async Task<PooledReplica?> TakeAsync(ReplicaPool pool, PooledReplica? refused, Guid? only, CancellationToken cancellation)
    {
        // The signal is taken before the look, so a change between look and wait is not missed.
        var change = pool.NextChange();
        if (pool.Take(refused, only) is { } replica)
        {
            return replica;
        }

        if (!pool.TryWait(options.MaxWaitingRequests))
        {
            return null;
        }

        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(TimeSpan.FromSeconds(options.WaitForReplicaSeconds));
            while (true)
            {
                await Task.WhenAny(change, Task.Delay(200, patience.Token));
                cancellation.ThrowIfCancellationRequested();
                change = pool.NextChange();
                if (pool.Take(null, only) is { } ready)
                {
                    return ready;
                }

                if (patience.IsCancellationRequested)
                {
                    return null;
                }
            }
        }
        finally
        {
            pool.EndWait();
        }
    }

    private static async Task<int> AnswerAsync(HttpContext context, HttpResponseMessage response, ActivityTimeout activity)
    {
        context.Response.StatusCode = (int)response.StatusCode;
        response.CopyTo(context.Response.Headers);
        if (!HttpMethods.IsHead(context.Request.Method) && context.Response.StatusCode is not (StatusCodes.Status204NoContent or StatusCodes.Status304NotModified))
        {
            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            await using var body = await response.Content.ReadAsStreamAsync(activity.Token);
            await StreamCopy.CopyAsync(body, context.Response.Body, activity, activity.Token);
        }

        return context.Response.StatusCode;
    }

    private static bool HasBody(HttpContext context) =>
        context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? context.Request.ContentLength > 0;

    private async Task<int> BrokenAsync(HttpContext context, EndpointRoute route, PooledReplica replica, Exception exception)
    {
        log.ReplyBroken(route.Name, replica.Id, exception);
        if (context.Response.HasStarted)
        {
            // Half an answer must not look like a whole one.
            context.Abort();
            return StatusCodes.Status502BadGateway;
        }

        var (status, message) = exception switch
        {
            OperationCanceledException => (StatusCodes.Status504GatewayTimeout, "The replica did not answer in time."),
            HttpRequestException { HttpRequestError: HttpRequestError.UserAuthenticationError } => (StatusCodes.Status502BadGateway, "The dashboard may not reach the replicas of this endpoint. Its log says why."),
            _ => (StatusCodes.Status502BadGateway, "The replica broke off. The request may or may not have been carried out."),
        };
        return await ServingErrors.WriteAsync(context, status, message);
    }

    private void OnChanged(Guid endpointId)
    {
        if (pools.TryGetValue(endpointId, out var pool) && routes.All.FirstOrDefault(r => r.EndpointId == endpointId) is { } route)
        {
            pool.Update(observed.Find(endpointId), route);
        }
    }
}
