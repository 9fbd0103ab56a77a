namespace Ops.Testing.Kubernetes;

/// <summary>What a fault does to a request.</summary>
internal enum FaultKind
{
    /// <summary>Answers a status instead of doing anything.</summary>
    Answer,

    /// <summary>Does everything, then breaks the connection before the reply.</summary>
    LoseReply,

    /// <summary>Breaks the connection before anything is done.</summary>
    Break,

    /// <summary>Never answers, until the client gives up.</summary>
    Hang,
}

/// <summary>Switches for what goes wrong between a client and the API.</summary>
internal sealed class Faults
{
    private readonly Lock gate = new();
    private readonly List<(Func<ApiRequest, bool> Matches, FaultKind Kind, ApiStatus? Status, int Left)> rules = [];
    private readonly List<WeakReference<CancellationTokenSource>> watches = [];
    private Func<StoreEvent, IEnumerable<StoreEvent>>? tamper;

    /// <summary>Every connection is broken at once, as by a server that is not there.</summary>
    public bool Unreachable { get; set; }

    /// <summary>How many requests met a fault.</summary>
    public int Struck { get; private set; }

    /// <summary>Lets the next requests of a kind fail.</summary>
    /// <param name="times">How many of them.</param>
    /// <param name="matches">Which; null for all.</param>
    /// <param name="code">429, 500, 503 or 504.</param>
    /// <param name="retryAfterSeconds">What the answer asks to wait; null for nothing.</param>
    public void AnswerNext(int times, Func<ApiRequest, bool>? matches, int code, int? retryAfterSeconds = null)
    {
        var (reason, message) = code switch
        {
            429 => ("TooManyRequests", "the server has received too many requests and has asked us to try again later"),
            503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
            504 => ("Timeout", "Timeout: request did not complete within the allotted timeout"),
            _ => ("InternalError", "Internal error occurred: etcdserver: leader changed"),
        };
        Add(matches, FaultKind.Answer, new ApiStatus(code, reason, message, retryAfterSeconds is null ? [] : new System.Text.Json.Nodes.JsonObject { ["retryAfterSeconds"] = retryAfterSeconds }) { RetryAfterSeconds = retryAfterSeconds }, times);
    }

    /// <summary>Lets the next writes of a kind happen without their reply arriving.</summary>
    public void LoseNextReplies(int times, Func<ApiRequest, bool>? matches = null) => Add(matches, FaultKind.LoseReply, null, times);

    /// <summary>Breaks the connection of the next requests before anything is done.</summary>
    public void BreakNext(int times, Func<ApiRequest, bool>? matches = null) => Add(matches, FaultKind.Break, null, times);

    /// <summary>Leaves the next requests unanswered.</summary>
    public void HangNext(int times, Func<ApiRequest, bool>? matches = null) => Add(matches, FaultKind.Hang, null, times);

    /// <summary>Ends every fault.</summary>
    public void Clear()
    {
        lock (gate)
        {
            rules.Clear();
            tamper = null;
        }

        Unreachable = false;
    }

    /// <summary>Breaks every watch that is open.</summary>
    public void DropWatches()
    {
        List<CancellationTokenSource> open = [];
        lock (gate)
        {
            open.AddRange(watches.Select(w => w.TryGetTarget(out var source) ? source : null).OfType<CancellationTokenSource>());
            watches.Clear();
        }

        foreach (var source in open)
        {
            try
            {
                source.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // Its client has gone by itself meanwhile.
            }
        }
    }

    /// <summary>Changes what watches deliver: nothing, the event itself, it twice, older ones again.</summary>
    public void TamperWatches(Func<StoreEvent, IEnumerable<StoreEvent>>? with)
    {
        lock (gate)
        {
            tamper = with;
        }
    }

    /// <summary>Keeps the next deletions of a kind from every watch.</summary>
    public void OmitDeletes(int times, Func<StoreEvent, bool>? matches = null)
    {
        var left = times;
        TamperWatches(e => e.Type == "DELETED" && matches?.Invoke(e) != false && Interlocked.Decrement(ref left) >= 0 ? [] : [e]);
    }

    /// <summary>Delivers every event twice and an older state of the same object after it.</summary>
    public void RepeatAndReplay() => TamperWatches(e => e.Type == "MODIFIED" && e.Previous is { } before ? [e, e, e with { Object = before }, e] : [e, e]);

    /// <summary>What a watch delivers for an event.</summary>
    public IEnumerable<StoreEvent> Deliver(StoreEvent change)
    {
        Func<StoreEvent, IEnumerable<StoreEvent>>? with;
        lock (gate)
        {
            with = tamper;
        }

        return with?.Invoke(change) ?? [change];
    }

    /// <summary>Takes the fault for a request, if there is one.</summary>
    public (FaultKind Kind, ApiStatus? Status)? Take(ApiRequest request)
    {
        lock (gate)
        {
            var at = rules.FindIndex(r => r.Matches(request));
            if (at < 0)
            {
                return null;
            }

            var rule = rules[at];
            Struck++;
            if (rule.Left <= 1)
            {
                rules.RemoveAt(at);
            }
            else
            {
                rules[at] = rule with { Left = rule.Left - 1 };
            }

            return (rule.Kind, rule.Status);
        }
    }

    /// <summary>A token that ends a watch when watches are dropped.</summary>
    public CancellationTokenSource OpenWatch(CancellationToken requestAborted)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(requestAborted);
        lock (gate)
        {
            watches.RemoveAll(w => !w.TryGetTarget(out _));
            watches.Add(new WeakReference<CancellationTokenSource>(source));
        }

        return source;
    }

    private void Add(Func<ApiRequest, bool>? matches, FaultKind kind, ApiStatus? status, int times)
    {
        lock (gate)
        {
            rules.Add((matches ?? (_ => true), kind, status, times));
        }
    }
}
