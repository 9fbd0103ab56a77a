namespace Ops.Runtime.Lifecycle;

/// <summary>Counts the requests that are being answered, so that stopping can wait for the last of them.</summary>
internal sealed class RequestsInFlight
{
    private int count;

    /// <summary>Requests being answered now.</summary>
    public int Count => Volatile.Read(ref count);

    public void Enter() => Interlocked.Increment(ref count);

    public void Leave() => Interlocked.Decrement(ref count);
}
