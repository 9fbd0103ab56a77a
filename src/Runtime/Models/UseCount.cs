namespace Ops.Runtime.Models;

/// <summary>Counts who uses something, so that it can be taken out of service without failing any of them.</summary>
internal sealed class UseCount
{
    private readonly TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool retired;
    private int users;

    /// <summary>Begins a use.</summary>
    /// <returns>False when it is out of service; otherwise <see cref="Leave"/> must follow.</returns>
    public bool TryEnter()
    {
        // Counted before looking: whoever retires it either sees this use or is seen by it.
        Interlocked.Increment(ref users);
        if (!retired)
        {
            return true;
        }

        Leave();
        return false;
    }

    /// <summary>Ends a use.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref users) == 0 && retired)
        {
            idle.TrySetResult();
        }
    }

    /// <summary>Takes it out of service.</summary>
    /// <returns>Completes when the last use has ended.</returns>
    public Task RetireAsync()
    {
        retired = true;
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref users) == 0)
        {
            idle.TrySetResult();
        }

        return idle.Task;
    }
}
