using System.Diagnostics;

namespace Ops.Runtime.Models;

/// <summary>Lets a bounded number of requests of one model run at once and a bounded number wait, in order of arrival.</summary>
internal sealed class RunQueue(int parallelRuns, int limit) : IDisposable
{
    private readonly SemaphoreSlim slots = new(parallelRuns, parallelRuns);
    private int waiting;

    /// <summary>Requests that wait now.</summary>
    public int Waiting => Volatile.Read(ref waiting);

    /// <summary>Whether a request that comes now would be turned away.</summary>
    public bool IsFull => slots.CurrentCount == 0 && Waiting >= limit;

    /// <summary>Waits for a turn.</summary>
    /// <returns>The time waited; null when the queue is full and the request has to be turned away. Every turn must be
    /// given back with <see cref="Release"/>.</returns>
    public ValueTask<TimeSpan?> EnterAsync(CancellationToken cancellation)
    {
        if (slots.Wait(0, CancellationToken.None))
        {
            return new ValueTask<TimeSpan?>(TimeSpan.Zero);
        }

        if (Interlocked.Increment(ref waiting) > limit)
        {
            Interlocked.Decrement(ref waiting);
            return new ValueTask<TimeSpan?>(default(TimeSpan?));
        }

        return WaitAsync(cancellation);
    }

    /// <summary>Ends a turn.</summary>
    public void Release() => slots.Release();

    public void Dispose() => slots.Dispose();

    private async ValueTask<TimeSpan?> WaitAsync(CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            await slots.WaitAsync(cancellation);
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }

        return Stopwatch.GetElapsedTime(start);
    }
}
