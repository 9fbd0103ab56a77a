using System.Collections.Concurrent;

namespace Ops.Dashboard.Features.Targets;

/// <summary>The newest observation of every endpoint. Drivers publish; the reconciler, the router, the scraper and live pages read.</summary>
internal sealed class ObservedEndpoints
{
    private readonly ConcurrentDictionary<Guid, EndpointObservation> latest = new();

    /// <summary>Raised after each change with the endpoint's key, on the publisher's thread; handlers only signal.</summary>
    public event Action<Guid>? Changed;

    /// <summary>Raised like <see cref="Changed"/>, but only where something is otherwise than before: each look of a driver publishes what it sees.</summary>
    public event Action<ObservedNews>? News;

    /// <summary>All endpoints seen.</summary>
    public IReadOnlyCollection<EndpointObservation> All => [.. latest.Values];

    /// <summary>The newest observation, or null when nothing was seen yet.</summary>
    public EndpointObservation? Find(Guid endpointId) => latest.GetValueOrDefault(endpointId);

    /// <summary>Replaces what is known of an endpoint.</summary>
    /// <param name="observation">What is seen now.</param>
    /// <param name="isOther">Whether something has changed that is no replica, such as an object that somebody edited.</param>
    public void Publish(EndpointObservation observation, bool isOther = false)
    {
        latest.TryGetValue(observation.Endpoint.Id, out var before);
        latest[observation.Endpoint.Id] = observation;
        Changed?.Invoke(observation.Endpoint.Id);
        if (before is null || !before.Replicas.SequenceEqual(observation.Replicas))
        {
            News?.Invoke(new(observation.Endpoint.Id, IsReplica: true));
        }
        else if (isOther)
        {
            News?.Invoke(new(observation.Endpoint.Id, IsReplica: false));
        }
    }

    /// <summary>Forgets an endpoint that is gone.</summary>
    public void Forget(Guid endpointId)
    {
        if (latest.TryRemove(endpointId, out var before))
        {
            Changed?.Invoke(endpointId);
            if (before.Replicas.Count > 0)
            {
                News?.Invoke(new(endpointId, IsReplica: true));
            }
        }
    }
}

/// <summary>What is otherwise than before.</summary>
/// <param name="EndpointId">The endpoint's key.</param>
/// <param name="IsReplica">Whether it is a replica, rather than something else of the endpoint.</param>
internal readonly record struct ObservedNews(Guid EndpointId, bool IsReplica);
