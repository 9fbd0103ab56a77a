using System.Collections.Concurrent;

namespace Ops.Dashboard.Features.Serving;

/// <summary>How many copies of requests a plan got from this dashboard since it started.</summary>
/// <param name="Sent">Copies that were sent.</param>
/// <param name="Dropped">Copies that were not sent, because there were too many, the body too large, or nobody to take them.</param>
internal readonly record struct ShadowCount(long Sent, long Dropped);

/// <summary>
/// Sends copies of requests to a revision that is being tried out, after their clients have their answers. Bounded: what is too large or would
/// be too many at once is dropped and counted, and nothing that goes wrong here reaches a client.
/// </summary>
internal sealed class ShadowCopies(ReplicaSender sender, BodyCopies bodies) : IDisposable
{
    private const int MostAtOnce = 32;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private readonly SemaphoreSlim room = new(MostAtOnce);
    private readonly ConcurrentDictionary<Guid, ShadowCount> counts = new();

    /// <summary>What became of the copies for a plan.</summary>
    public ShadowCount Of(Guid planId) => counts.GetValueOrDefault(planId);

    /// <summary>Draws whether a request is copied.</summary>
    /// <returns>What its body is gathered in while it goes to the replica that answers, or null.</returns>
    public MemoryStream? Begin(EndpointRoute route, HttpContext context)
    {
        if (route.Shadow is not { } shadow || Random.Shared.Next(100) >= shadow.Percent)
        {
            return null;
        }

        if (bodies.Begin(context.Request.ContentLength) is { } copy)
        {
            return copy;
        }

        Drop(shadow.PlanId);
        return null;
    }

    /// <summary>Sends a copy and returns at once.</summary>
    /// <param name="context">The client's request, which has its answer.</param>
    /// <param name="planId">The plan that is tried out.</param>
    /// <param name="replica">Who gets the copy; counted as taken. Null: nobody is ready.</param>
    /// <param name="pathAndQuery">What is asked.</param>
    /// <param name="body">The whole body, gathered on its way.</param>
    public void Send(HttpContext context, Guid planId, PooledReplica? replica, string pathAndQuery, MemoryStream body)
    {
        if (replica is null || !BodyCopies.IsWhole(body) || !room.Wait(0))
        {
            replica?.Leave();
            Drop(planId);
            return;
        }

        var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(pathAndQuery, UriKind.Relative));
        if (body.Length > 0)
        {
            request.Content = new ByteArrayContent(body.GetBuffer(), 0, (int)body.Length);
        }

        context.Request.Headers.CopyTo(request);
        _ = SendAsync(request, planId, replica);
    }

    /// <inheritdoc/>
    public void Dispose() => room.Dispose();

    private void Drop(Guid planId) => counts.AddOrUpdate(planId, new ShadowCount(0, 1), (_, count) => count with { Dropped = count.Dropped + 1 });

    private async Task SendAsync(HttpRequestMessage request, Guid planId, PooledReplica replica)
    {
        try
        {
            using var patience = new CancellationTokenSource(Longest);
            using (request)
            {
                using var answer = await sender.SendAsync(replica, request, patience.Token);
                await answer.Content.CopyToAsync(Stream.Null, patience.Token);
            }

            counts.AddOrUpdate(planId, new ShadowCount(1, 0), (_, count) => count with { Sent = count.Sent + 1 });
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // What the revision makes of it, it counts itself; that it did not take it is all there is to say here.
            Drop(planId);
        }
        finally
        {
            replica.Leave();
            try
            {
                room.Release();
            }
            catch (ObjectDisposedException)
            {
                // The dashboard ends.
            }
        }
    }
}
