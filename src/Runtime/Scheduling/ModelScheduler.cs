using Ops.Runtime.Inference;
using Ops.Runtime.Monitoring;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Scheduling;

/// <summary>
/// Lets a bounded number of runs of one model happen at once and a bounded number of requests wait, the most urgent and
/// then the oldest first; whatever waits when a run begins is merged as far as the policy allows. A request that finds a
/// free run takes it on its own thread when runs are short and no other request could join it. Otherwise the run begins
/// behind what the pool's threads have to do already: those that receive requests meanwhile add them to it, and a long run
/// does not keep the thread that would notice its client going away.
/// </summary>
internal sealed partial class ModelScheduler : IDisposable
{
    private readonly Lock gate = new();
    private readonly SchedulerSettings settings;
    private readonly ModelMetrics metrics;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly RequestQueue queue;
    private readonly RunSlot[] slots;
    private readonly Stack<RunSlot> idle;
    private readonly List<PendingRequest> scratch = [];
    private readonly ITimer timer;
    private readonly CancellationTokenRegistration whenCut;
    private EngineRun run = (_, _, _) => throw new InvalidOperationException("The model is not loaded yet.");
    private volatile BatchPolicy policy = BatchPolicy.Off("The model is not loaded.");
    private string? stopped;
    private volatile string? cutReason;
    private long wakeAt = long.MaxValue;

    /// <summary>Slots that were sent to work and have not looked for it yet.</summary>
    private int starting;

    /// <param name="settings">The bounds.</param>
    /// <param name="metrics">Counts.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Hears of merged runs that failed.</param>
    /// <param name="cut">Set when the process cannot wait any longer: everything ends with 503.</param>
    public ModelScheduler(SchedulerSettings settings, ModelMetrics metrics, TimeProvider time, ILogger log, CancellationToken cut)
    {
        (this.settings, this.metrics, this.time, this.log) = (settings, metrics, time, log);
        queue = new RequestQueue(settings.Queue.PriorityLevels);
        metrics.WatchQueue(() => queue.Count);
        slots = new RunSlot[settings.Instances];
        for (var i = 0; i < slots.Length; i++)
        {
            slots[i] = new RunSlot(this, metrics);
        }

        idle = new Stack<RunSlot>(slots);
        timer = time.CreateTimer(static scheduler => ((ModelScheduler)scheduler!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        RunThreads.Reserve(settings.Instances);
        whenCut = cut.UnsafeRegister(static scheduler => ((ModelScheduler)scheduler!).Stop("The server is stopping.", endRuns: true), this);
    }

    /// <summary>Requests that wait now.</summary>
    public int Waiting => queue.Count;

    /// <summary>Runs that are free now.</summary>
    internal int Idle
    {
        get
        {
            lock (gate)
            {
                return idle.Count;
            }
        }
    }

    /// <summary>Whether a request that comes now would probably be turned away. Read before its body is.</summary>
    public bool IsFull
    {
        get
        {
            if (queue.Count < settings.QueueLimit)
            {
                return false;
            }

            lock (gate)
            {
                return idle.Count == 0 && !HasRoom;
            }
        }
    }

    /// <summary>The bounds.</summary>
    public SchedulerSettings Settings => settings;

    /// <summary>How long runs take.</summary>
    public RunPace Pace { get; } = new();

    /// <summary>How requests are merged.</summary>
    public BatchPolicy Policy => policy;

    /// <summary>What a slot takes that is about to look for work does not wait any more.</summary>
    private bool HasRoom => queue.Count < settings.QueueLimit + starting;

    /// <summary>Puts a loaded model behind it. Before the first request.</summary>
    public void Open(EngineRun engine, BatchPolicy batching)
    {
        (run, policy) = (engine, batching);
        log.BatchingDecided(metrics.Model, metrics.Version, batching.MaxBatchSize, batching.Reason);
    }

    /// <summary>Runs a request when its turn comes.</summary>
    /// <param name="request">What to run; the caller keeps it until the task is over, and disposes it.</param>
    /// <param name="aborted">Set when the client went away: it leaves the queue, and a run that nobody else waits for ends
    /// after its current operator.</param>
    /// <returns>The outputs in the order asked for; the caller disposes them.</returns>
    /// <exception cref="ProtocolException">503: the queue is full, its time in the queue ran out, or the process must end.</exception>
    /// <exception cref="OperationCanceledException">The client went away.</exception>
    /// <exception cref="OrtException">The run failed.</exception>
    public ValueTask<InferResult> RunAsync(InferRequest request, CancellationToken aborted)
    {
        aborted.ThrowIfCancellationRequested();
        var now = policy;
        var shape = now.HasRows ? BatchShape.Of(request) : default;
        RunSlot? slot = null;
        PendingRequest? pending = null;
        lock (gate)
        {
            ThrowIfStopped();
            // With a delay, a request that could have company waits for it even when a run is free.
            var mayHaveCompany = now.IsOn && shape.Rows > 0 && shape.Rows < now.MaxBatchSize && (now.MaxQueueDelay > TimeSpan.Zero || metrics.InFlight > 1);
            var isFree = queue.Count <= starting && idle.Count > 0;
            if (isFree && !mayHaveCompany && Pace.IsQuick)
            {
                slot = idle.Pop();
                slot.Begin();
            }
            else if (!HasRoom)
            {
                throw Refusals.QueueFull();
            }
            else
            {
                pending = Enqueue(request, shape, isFree, aborted);
            }
        }

        if (pending is null)
        {
            return new ValueTask<InferResult>(RunNow(slot!, request, Math.Max(shape.Rows, 1), aborted));
        }

        pending.Watch();
        return pending.Task;
    }

    /// <summary>Turns away who waits and who comes.</summary>
    /// <param name="reason">For the clients.</param>
    /// <param name="endRuns">Whether runs end after their current operator, and with the same reason.</param>
    public void Stop(string reason, bool endRuns)
    {
        lock (gate)
        {
            stopped = reason;
            cutReason = endRuns ? reason : cutReason;
            while (queue.First is { } pending)
            {
                queue.Remove(pending);
                pending.Fail(Refusals.Unavailable(reason));
            }

            foreach (var slot in slots)
            {
                if (endRuns && slot.Live > 0)
                {
                    slot.Terminate();
                }
            }
        }
    }

    public void Dispose()
    {
        whenCut.Dispose();
        Stop("The model is no longer served.", endRuns: false);
        timer.Dispose();
        lock (gate)
        {
            foreach (var slot in idle)
            {
                slot.Dispose();
            }
        }

        RunThreads.Reserve(-settings.Instances);
    }

    private PendingRequest Enqueue(InferRequest request, BatchShape shape, bool foundFree, CancellationToken aborted)
    {
        var now = time.GetTimestamp();
        var pending = new PendingRequest(request, shape, this, aborted)
        {
            FoundFree = foundFree,
            Level = settings.Level(request.Parameters.Priority),
            Arrived = now,
            Deadline = settings.Patience(request.Parameters.Timeout) is { } patience ? now + Ticks(patience) : long.MaxValue,
        };
        queue.Add(pending);
        StartWhatIsDue(now);
        return pending;
    }

    private void OnTimer()
    {
        lock (gate)
        {
            wakeAt = long.MaxValue;
            var now = time.GetTimestamp();
            FailExpired(now);
            StartWhatIsDue(now);
        }
    }

    /// <summary>Sends one idle slot to work where there is some; it sends the next when there is more.</summary>
    private void StartWhatIsDue(long now)
    {
        if (idle.Count > 0 && queue.Count > starting * RequestsPerStart && IsNextRunDue(now))
        {
            Start(idle.Pop());
        }

        SetTimer(now);
    }

    /// <summary>How many requests one slot that was sent to work is good for; when it finds more, it sends the next. Long runs
    /// had better go side by side.</summary>
    private int RequestsPerStart => policy.IsOn && Pace.IsQuick ? policy.MaxBatchSize : 1;

    /// <summary>Behind all that the pool has to do already, so that what has been received by then runs together.</summary>
    private void Start(RunSlot slot)
    {
        starting++;
        ThreadPool.UnsafeQueueUserWorkItem(slot, preferLocal: false);
    }

    private bool IsNextRunDue(long now) =>
        queue.First is { } first
        && (policy is not { IsOn: true, MaxQueueDelay.Ticks: > 0 } waits
            || time.GetElapsedTime(first.Arrived, now) >= waits.MaxQueueDelay
            || queue.Count >= settings.QueueLimit
            || queue.IsNextRunFull(waits, scratch));

    private void FailExpired(long now)
    {
        queue.TakeExpired(now, scratch);
        foreach (var pending in scratch)
        {
            pending.Fail(Refusals.TimedOut());
        }

        scratch.Clear();
    }

    /// <summary>Sets the timer to the next moment at which something is due that no arrival and no end of a run brings.</summary>
    private void SetTimer(long now)
    {
        var due = queue.EarliestDeadline;
        if (idle.Count > 0 && policy.MaxQueueDelay > TimeSpan.Zero && queue.First is { } first)
        {
            due = Math.Min(due, first.Arrived + Ticks(policy.MaxQueueDelay));
        }

        if (due < wakeAt)
        {
            wakeAt = due;
            var milliseconds = Math.Ceiling((due - now) * 1000.0 / time.TimestampFrequency);
            timer.Change(TimeSpan.FromMilliseconds(Math.Max(milliseconds, 0)), Timeout.InfiniteTimeSpan);
        }
    }

    private void ThrowIfStopped()
    {
        if (stopped is not null)
        {
            throw Refusals.Unavailable(stopped);
        }
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);
}
