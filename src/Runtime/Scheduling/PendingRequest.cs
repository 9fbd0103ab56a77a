using System.Diagnostics;
using System.Threading.Tasks.Sources;
using Ops.Runtime.Inference;
using Ops.Runtime.Monitoring;

namespace Ops.Runtime.Scheduling;

/// <summary>Where a request is between its arrival and its answer.</summary>
internal enum PendingState
{
    /// <summary>In the queue.</summary>
    Waiting,

    /// <summary>In the engine.</summary>
    Running,

    /// <summary>Taken for a run, but not in the engine: before it, or between a failed merged run and its own.</summary>
    Held,

    /// <summary>Answered.</summary>
    Done,
}

/// <summary>
/// A request that could not run at once. It is its own list node and its own task, so that waiting costs one object.
/// All fields but the task are guarded by the scheduler's lock.
/// </summary>
internal sealed class PendingRequest : IValueTaskSource<InferResult>
{
    private readonly ModelScheduler? scheduler;
    private readonly CancellationToken aborted;
    private ManualResetValueTaskSourceCore<InferResult> source;
    private CancellationTokenRegistration whenAborted;

    /// <param name="request">What to run; the caller keeps it until the task is over.</param>
    /// <param name="shape">What it can be merged with.</param>
    /// <param name="scheduler">Is told when the client goes away.</param>
    /// <param name="aborted">Set when the client goes away.</param>
    public PendingRequest(InferRequest request, BatchShape shape, ModelScheduler? scheduler = null, CancellationToken aborted = default)
    {
        Request = request;
        Shape = shape;
        this.scheduler = scheduler;
        this.aborted = aborted;
        // Whoever awaits must not go on in the middle of the scheduler.
        source.RunContinuationsAsynchronously = true;
    }

    public InferRequest Request { get; }

    public BatchShape Shape { get; }

    /// <summary>From 0, the most urgent.</summary>
    public int Level { get; init; }

    /// <summary>A run was free when it came, so it does not count as waiting.</summary>
    public bool FoundFree { get; init; }

    /// <summary>Timestamp of its arrival.</summary>
    public long Arrived { get; init; }

    /// <summary>Timestamp after which it is no longer wanted; <see cref="long.MaxValue"/> for never.</summary>
    public long Deadline { get; init; } = long.MaxValue;

    /// <summary>The span it belongs to; null when none is made.</summary>
    public Activity? Trace { get; } = RuntimeTracing.Current;

    public PendingRequest? Previous { get; set; }

    public PendingRequest? Next { get; set; }

    public PendingState State { get; set; }

    /// <summary>The client went away after its run had begun.</summary>
    public bool IsAborted { get; set; }

    /// <summary>Where it runs; null unless it was taken for a run.</summary>
    public RunSlot? Slot { get; set; }

    /// <summary>The result; to be awaited once.</summary>
    public ValueTask<InferResult> Task => new(this, source.Version);

    /// <summary>Watches for the client going away. Before <see cref="Task"/> is awaited, and outside of the lock.</summary>
    public void Watch() =>
        whenAborted = aborted.UnsafeRegister(static pending => ((PendingRequest)pending!).Abort(), this);

    /// <summary>Answers it. Exactly once.</summary>
    public void Complete(InferResult result)
    {
        State = PendingState.Done;
        source.SetResult(result);
    }

    /// <summary>Answers it. Exactly once.</summary>
    public void Fail(Exception exception)
    {
        State = PendingState.Done;
        source.SetException(exception);
    }

    /// <summary>Answers that its client went away. Exactly once.</summary>
    public void FailAborted() => Fail(new OperationCanceledException(aborted));

    InferResult IValueTaskSource<InferResult>.GetResult(short token)
    {
        whenAborted.Dispose();
        return source.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<InferResult>.GetStatus(short token) => source.GetStatus(token);

    void IValueTaskSource<InferResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        source.OnCompleted(continuation, state, token, flags);

    private void Abort() => scheduler?.Abort(this);
}
