namespace Ops.Dashboard.Features.Targets;

/// <summary>Reaches replicas that have no address of their own here, through whatever stands in front of them. One for each kind of target that has such.</summary>
internal interface IReplicaTransport
{
    /// <summary>Whether a replica can be reached this way now.</summary>
    bool Reaches(EndpointRef endpoint, ReplicaObservation replica);

    /// <summary>Sends a request whose address is a path of the replica, such as <c>/metrics</c>.</summary>
    /// <exception cref="HttpRequestException">It does not answer.</exception>
    Task<HttpResponseMessage> SendAsync(EndpointRef endpoint, ReplicaObservation replica, HttpRequestMessage request, CancellationToken cancellation);
}
