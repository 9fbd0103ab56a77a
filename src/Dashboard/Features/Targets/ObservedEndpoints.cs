using System.Collections.Concurrent;

namespace Ops.Dashboard.Features.Targets;

/// <summary>The newest observation of every endpoint. Drivers publish; the reconciler, the router, the scraper and live pages read.</summary>
internal sealed class ObservedEndpoints
{
    private readonly ConcurrentDictionary<Guid, EndpointObservation> latest = new();

    /// <summary>Raised after each change with the endpoint's key, on the publisher's thread; handlers only signal.</summary>
    public event Action<Guid>? Changed;

    /// <summary>All endpoints seen.</summary>
    public IReadOnlyCollection<EndpointObservation> All => [.. latest.Values];

    /// <summary>The newest observation, or null when nothing was seen yet.</summary>
    public EndpointObservation? Find(Guid endpointId) => latest.GetValueOrDefault(endpointId);

    /// <summary>Replaces what is known of an endpoint.</summary>
    public void Publish(EndpointObservation observation)
    {
        latest[observation.Endpoint.Id] = observation;
        Changed?.Invoke(observation.Endpoint.Id);
    }

    /// <summary>Forgets an endpoint that is gone.</summary>
    public void Forget(Guid endpointId)
    {
        if (latest.TryRemove(endpointId, out _))
        {
            Changed?.Invoke(endpointId);
        }
    }
}
