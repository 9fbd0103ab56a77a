using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Features.Serving;

/// <summary>Sends requests of clients to replicas: straight to their address, or through what stands in front of them.</summary>
internal sealed class ReplicaSender(IEnumerable<IReplicaTransport> transports) : IDisposable
{
    private readonly IReplicaTransport[] transports = [.. transports];
    private readonly HttpMessageInvoker client = new(ReplicaHandler.Make());

    /// <summary>A replica as the router sees it; null when nothing here leads to it.</summary>
    public PooledReplica? Find(EndpointRef endpoint, ReplicaObservation replica) =>
        replica.Address is not null ? new(replica.Id, replica.PlanId, replica.Address)
        : transports.FirstOrDefault(t => t.Carries(endpoint, replica)) is { } transport ? new(replica.Id, replica.PlanId, null) { Through = new(transport, endpoint, replica) }
        : null;

    /// <summary>Sends a request. The answer's body is a stream that nobody has read.</summary>
    /// <param name="replica">To whom.</param>
    /// <param name="request">What is asked; its address is a path with a query.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="HttpRequestException">It does not answer; what is known of why, see <see cref="IReplicaTransport.SendAsync"/>.</exception>
    public Task<HttpResponseMessage> SendAsync(PooledReplica replica, HttpRequestMessage request, CancellationToken cancellation)
    {
        if (replica.Through is { } way)
        {
            return way.Transport.SendAsync(way.Endpoint, way.Replica, request, cancellation);
        }

        request.RequestUri = new(replica.Address!, request.RequestUri!.OriginalString);
        return client.SendAsync(request, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();
}

/// <summary>The way to a replica that has no address here.</summary>
internal sealed record ReplicaWay(IReplicaTransport Transport, EndpointRef Endpoint, ReplicaObservation Replica);
