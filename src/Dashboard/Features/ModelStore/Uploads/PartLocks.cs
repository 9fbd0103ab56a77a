namespace Ops.Dashboard.Features.ModelStore.Uploads;

/// <summary>Lets one request at a time write a part, so that two tabs sending the same one cannot mix their bytes.</summary>
internal sealed class PartLocks
{
    private readonly Lock gate = new();
    private readonly Dictionary<(Guid File, int Number), Turnstile> held = [];

    /// <summary>Waits for the part to be free.</summary>
    /// <returns>Dispose it to let the next one in.</returns>
    public async Task<IDisposable> EnterAsync(Guid file, int number, CancellationToken cancellation)
    {
        var key = (file, number);
        Turnstile? turnstile;
        lock (gate)
        {
            if (!held.TryGetValue(key, out turnstile))
            {
                held[key] = turnstile = new Turnstile();
            }

            turnstile.Users++;
        }

        try
        {
            await turnstile.Semaphore.WaitAsync(cancellation);
            return new Turn(this, key, turnstile);
        }
        catch (OperationCanceledException)
        {
            Forget(key, turnstile);
            throw;
        }
    }

    private void Forget((Guid File, int Number) key, Turnstile turnstile)
    {
        lock (gate)
        {
            if (--turnstile.Users == 0)
            {
                held.Remove(key);
                turnstile.Semaphore.Dispose();
            }
        }
    }

    private sealed class Turnstile
    {
        public SemaphoreSlim Semaphore { get; } = new(1, 1);

        public int Users { get; set; }
    }

    private sealed class Turn(PartLocks locks, (Guid File, int Number) key, Turnstile turnstile) : IDisposable
    {
        public void Dispose()
        {
            turnstile.Semaphore.Release();
            locks.Forget(key, turnstile);
        }
    }
}
