namespace Ops.Dashboard.Features.Targets;

/// <summary>Reaches replicas that have no address of their own here, through whatever stands in front of them. One for each kind of target that has such.</summary>
internal interface IReplicaTransport
{
    /// <summary>Whether a replica is reached this way and no other, also while it or the way does not answer.</summary>
    bool Carries(EndpointRef endpoint, ReplicaObservation replica);

    /// <summary>Whether a replica can be reached this way now.</summary>
    bool Reaches(EndpointRef endpoint, ReplicaObservation replica);

    /// <summary>What reads of figures this way are shared out of; null where they are not limited.</summary>
    FigureBudget? BudgetOf(EndpointRef endpoint);

    /// <summary>Sends a request whose address is a path of the replica, such as <c>/metrics</c>. The answer's body is a stream that nobody has read.</summary>
    /// <exception cref="HttpRequestException">
    /// The replica has not answered. With <see cref="HttpRequestError.ConnectionError"/> it has not got the request either, and with
    /// <see cref="HttpRequestError.UserAuthenticationError"/> because the way to it is closed to this dashboard; else it may have.
    /// </exception>
    Task<HttpResponseMessage> SendAsync(EndpointRef endpoint, ReplicaObservation replica, HttpRequestMessage request, CancellationToken cancellation);
}

/// <summary>How many replicas may be asked for figures along one way, so that what is only looked at never holds up what is done.</summary>
/// <param name="Way">Which way; replicas with the same one share the budget.</param>
/// <param name="PerSecond">How many in a second.</param>
internal sealed record FigureBudget(object Way, double PerSecond);
