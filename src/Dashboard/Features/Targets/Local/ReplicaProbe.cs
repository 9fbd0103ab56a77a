namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>What a replica answered when asked whether it is ready.</summary>
internal enum ProbeResult
{
    /// <summary>It is.</summary>
    Ready,

    /// <summary>It answered that it is not.</summary>
    NotReady,

    /// <summary>Nobody listens there.</summary>
    Refused,

    /// <summary>It did not answer in time, which may be no more than a busy machine.</summary>
    TimedOut,
}

/// <summary>Asks replicas whether they are ready.</summary>
internal sealed class ReplicaProbe(HttpMessageInvoker http, TimeProvider time, TimeSpan timeout)
{
    /// <summary>Asks once.</summary>
    /// <param name="address">Where the replica listens.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<ProbeResult> AskAsync(Uri address, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, "/v2/health/ready"));
        try
        {
            using var answer = await http.SendAsync(request, either.Token);
            return answer.IsSuccessStatusCode ? ProbeResult.Ready : ProbeResult.NotReady;
        }
        catch (HttpRequestException)
        {
            return ProbeResult.Refused;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return ProbeResult.TimedOut;
        }
    }
}
