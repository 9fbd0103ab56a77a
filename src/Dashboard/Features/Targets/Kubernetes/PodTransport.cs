using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;

namespace Ops.Dashboard.Features.Targets.Kubernetes;

/// <summary>Reaches pods through the API server where the dashboard runs outside of their cluster.</summary>
internal sealed class PodTransport(KubernetesTargetDriver driver, IOptions<KubernetesOptions> options) : IReplicaTransport
{
    // What the API server adds to every answer, also to one that a pod gave: it says what is inside, and nothing about the answer.
    private static readonly string[] Added = ["Audit-Id", "X-Kubernetes-Pf-Flowschema-Uid", "X-Kubernetes-Pf-Prioritylevel-Uid"];

    /// <inheritdoc/>
    public bool Carries(EndpointRef endpoint, ReplicaObservation replica) =>
        replica is { Address: null, Phase: ReplicaPhase.Ready or ReplicaPhase.Unready } && driver.ClusterOf(endpoint.Id) is not null;

    /// <inheritdoc/>
    public bool Reaches(EndpointRef endpoint, ReplicaObservation replica) => Carries(endpoint, replica) && driver.ClusterOf(endpoint.Id) is { Problem: null };

    /// <inheritdoc/>
    public FigureBudget? BudgetOf(EndpointRef endpoint) => driver.ClusterOf(endpoint.Id) is { } cluster ? new(cluster, options.Value.FiguresPerSecond) : null;

    /// <inheritdoc/>
    public async Task<HttpResponseMessage> SendAsync(EndpointRef endpoint, ReplicaObservation replica, HttpRequestMessage request, CancellationToken cancellation)
    {
        if (driver.ClusterOf(endpoint.Id) is not { } cluster)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, $"{replica.Id} cannot be reached: its cluster is not connected.");
        }

        HttpResponseMessage answer;
        try
        {
            answer = await cluster.SendToPodAsync(replica.Id, RevisionFiles.Port, request, cancellation);
        }
        catch (ClusterException exception)
        {
            throw new HttpRequestException(WasSent(exception) ? HttpRequestError.Unknown : HttpRequestError.ConnectionError, exception.Message, exception);
        }

        try
        {
            if (await PodAnswers.RefusalAsync(answer, replica.Id, cancellation) is { } refusal)
            {
                throw refusal;
            }

            foreach (var name in Added)
            {
                answer.Headers.Remove(name);
            }

            return answer;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    // Without a connection there was nothing to send it on, and what is refused on this side has no cause further away.
    private static bool WasSent(ClusterException exception) => exception.InnerException is not
        (null or HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError });
}
