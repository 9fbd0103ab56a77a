namespace Ops.Runtime.Lifecycle;

/// <summary>Where the process is in its life.</summary>
internal enum RuntimePhase
{
    Starting,
    Loading,
    Ready,
    Failed,
    Draining,
}

/// <summary>The state of the process at one moment.</summary>
/// <param name="Phase">Where in its life it is.</param>
/// <param name="Error">Why it failed, in plain words; null otherwise.</param>
/// <param name="BytesFetched">Bytes of model files verified so far.</param>
/// <param name="BytesTotal">Bytes of all model files.</param>
/// <param name="Step">What is done now while it loads; null otherwise.</param>
internal sealed record RuntimeSnapshot(RuntimePhase Phase, string? Error, long BytesFetched, long BytesTotal, LoadStep? Step = null);

/// <summary>
/// The state of the process, for readiness and for whoever watches the run folder. Moves forward only: starting, loading,
/// then ready or failed; from failed to ready when what failed was loaded later or taken away; draining from anywhere, and
/// nothing after it.
/// </summary>
internal sealed class RuntimeState : IDisposable
{
    private readonly Lock gate = new();
    private RuntimeSnapshot snapshot = new(RuntimePhase.Starting, null, 0, 0);
    private TaskCompletionSource changed = NewSignal();
    private readonly CancellationTokenSource refusing = new();

    /// <summary>The state now.</summary>
    public RuntimeSnapshot Snapshot => Volatile.Read(ref snapshot);

    /// <summary>Whether routers should send requests here.</summary>
    public bool IsReady => Snapshot.Phase == RuntimePhase.Ready;

    /// <summary>Whether the process is on its way out.</summary>
    public bool IsDraining => Snapshot.Phase == RuntimePhase.Draining;

    /// <summary>Whether new requests are turned away: the grace after the signal to stop is over.</summary>
    public bool IsRefusing => refusing.IsCancellationRequested;

    /// <summary>Set when <see cref="IsRefusing"/> begins: streams that only wait for their client end.</summary>
    public CancellationToken Refusing => refusing.Token;

    /// <summary>Completes when the phase is no longer that of the latest snapshot taken before the call.</summary>
    public Task PhaseChanged
    {
        get
        {
            lock (gate)
            {
                return changed.Task;
            }
        }
    }

    public void BeginLoading(long bytesTotal) => Move(RuntimePhase.Starting, s => s with { Phase = RuntimePhase.Loading, BytesTotal = bytesTotal });

    public void MarkReady() => Move(RuntimePhase.Loading, s => s with { Phase = RuntimePhase.Ready });

    /// <summary>After a failed start: everything that is in service is ready now.</summary>
    public void Recover() => Move(RuntimePhase.Failed, s => s with { Phase = RuntimePhase.Ready, Error = null });

    /// <param name="error">In plain words.</param>
    public void Fail(string error)
    {
        lock (gate)
        {
            if (snapshot.Phase is RuntimePhase.Starting or RuntimePhase.Loading)
            {
                Replace(snapshot with { Phase = RuntimePhase.Failed, Error = error });
            }
        }
    }

    public void BeginDrain()
    {
        lock (gate)
        {
            Replace(snapshot with { Phase = RuntimePhase.Draining });
        }
    }

    /// <summary>Ends the grace: from now on new requests are turned away.</summary>
    public Task BeginRefusingAsync() => refusing.CancelAsync();

    public void Dispose() => refusing.Dispose();

    /// <summary>Counts verified bytes; negative when a broken download starts over.</summary>
    public void AddFetched(long bytes)
    {
        lock (gate)
        {
            Volatile.Write(ref snapshot, snapshot with { BytesFetched = snapshot.BytesFetched + bytes });
        }
    }

    /// <summary>Says what is done now; of no effect unless it loads.</summary>
    public void EnterStep(LoadStep step)
    {
        lock (gate)
        {
            if (snapshot.Phase == RuntimePhase.Loading && snapshot.Step != step)
            {
                Volatile.Write(ref snapshot, snapshot with { Step = step });
            }
        }
    }

    private void Move(RuntimePhase from, Func<RuntimeSnapshot, RuntimeSnapshot> change)
    {
        lock (gate)
        {
            if (snapshot.Phase == from)
            {
                Replace(change(snapshot));
            }
        }
    }

    private void Replace(RuntimeSnapshot next)
    {
        Volatile.Write(ref snapshot, next.Phase == RuntimePhase.Loading ? next : next with { Step = null });
        var signal = changed;
        changed = NewSignal();
        signal.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
