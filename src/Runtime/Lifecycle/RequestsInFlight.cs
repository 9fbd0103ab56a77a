namespace Ops.Runtime.Lifecycle;

/// <summary>Counts the requests that are being answered, so that stopping can wait for the last of them.</summary>
internal sealed class RequestsInFlight : IDisposable
{
    private readonly CancellationTokenSource cut = new();
    private int count;

    /// <summary>Requests being answered now.</summary>
    public int Count => Volatile.Read(ref count);

    /// <summary>Set when the process cannot wait any longer: runs in the engine end after their current operator.</summary>
    public CancellationToken Cut => cut.Token;

    public void Enter() => Interlocked.Increment(ref count);

    public void Leave() => Interlocked.Decrement(ref count);

    /// <summary>Ends what is still running.</summary>
    public Task CutOffAsync() => cut.CancelAsync();

    public void Dispose() => cut.Dispose();
}
