namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>A token that stays as it is.</summary>
internal sealed class FixedToken(string token) : IClusterToken
{
    /// <inheritdoc/>
    public ValueTask<ClusterCredential> GetAsync(CancellationToken cancellation) => ValueTask.FromResult(new ClusterCredential(token));

    /// <inheritdoc/>
    public void Forget()
    {
        // There is no other.
    }
}

/// <summary>What is got again after a while, one request for it at a time.</summary>
internal abstract class RenewedToken(TimeProvider time) : IClusterToken, IDisposable
{
    private readonly SemaphoreSlim gate = new(1);
    private ClusterCredential? credential;
    private DateTimeOffset until;

    /// <summary>The clock.</summary>
    protected TimeProvider Time => time;

    /// <inheritdoc/>
    public async ValueTask<ClusterCredential> GetAsync(CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            if (credential is null || time.GetUtcNow() >= until)
            {
                (credential, until) = await FetchAsync(cancellation);
            }

            return credential;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Forget() => until = DateTimeOffset.MinValue;

    /// <inheritdoc/>
    public void Dispose() => gate.Dispose();

    /// <summary>Gets it and says until when it is used.</summary>
    protected abstract Task<(ClusterCredential Credential, DateTimeOffset Until)> FetchAsync(CancellationToken cancellation);
}

/// <summary>The token in a file that a cluster renews; read again each minute, as client-go does.</summary>
internal sealed class FileToken(string path, TimeProvider time) : RenewedToken(time)
{
    /// <inheritdoc/>
    protected override async Task<(ClusterCredential Credential, DateTimeOffset Until)> FetchAsync(CancellationToken cancellation)
    {
        try
        {
            var text = (await File.ReadAllTextAsync(path, cancellation)).Trim();
            return text.Length > 0 ? (new(text), Time.GetUtcNow().AddMinutes(1)) : throw new ClusterException(ClusterProblem.Unauthorized, $"The token file {path} is empty.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ClusterException(ClusterProblem.Unauthorized, $"The token file {path} cannot be read.", exception);
        }
    }
}
