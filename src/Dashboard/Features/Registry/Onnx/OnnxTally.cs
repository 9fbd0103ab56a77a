namespace Ops.Dashboard.Features.Registry.Onnx;

/// <summary>
/// Counts nodes, the model's own functions and their calls. Whether an operator is known is decided at the end,
/// because functions come after the graph in a file.
/// </summary>
internal sealed class OnnxTally(OnnxReadLimits limits)
{
    private readonly Dictionary<OnnxOperator, long> operators = [];
    private readonly Dictionary<OnnxOperator, Body> functions = [];
    private readonly Body main = new();
    private readonly HashSet<OnnxOperator> used = [];
    private Body current = new();
    private bool counted;
    private int nodes;
    private long keptNameBytes;

    /// <summary>Nodes that run when a request is answered, as written.</summary>
    public long NodeCount { get; private set; }

    /// <summary>Nodes noted from here on belong to the main graph.</summary>
    public void EnterMainGraph() => (current, counted) = (main, true);

    /// <summary>Nodes noted from here on belong to training, which the product does not run: checked, not counted.</summary>
    public void EnterTraining() => (current, counted) = (new Body(), false);

    /// <summary>Nodes noted from here on belong to a function, named once its body has been read.</summary>
    public void EnterFunction() => (current, counted) = (new Body(), true);

    /// <summary>Names the function whose body has just been read.</summary>
    public void LeaveFunction(OnnxOperator function)
    {
        if (functions.Count >= limits.MaxFunctions)
        {
            throw OnnxRefusedException.TooMany("functions", limits.MaxFunctions);
        }

        OnnxOperators.RefuseOpaque(function);
        Keep(function);
        if (!functions.TryAdd(function, current))
        {
            throw OnnxRefusedException.Malformed($"it defines the function {OnnxRefusedException.Quote(function.Display)} twice");
        }
    }

    /// <summary>Notes one node.</summary>
    public void Node(OnnxOperator op)
    {
        if (++nodes > limits.MaxNodes)
        {
            throw OnnxRefusedException.TooMany("nodes", limits.MaxNodes);
        }

        OnnxOperators.RefuseOpaque(op);
        if (used.TryGetValue(op, out var known))
        {
            // The same operator in ten thousand functions must not keep its name ten thousand times.
            op = known;
        }
        else
        {
            Keep(op);
            used.Add(op);
        }

        current.Nodes++;
        current.Calls[op] = current.Calls.GetValueOrDefault(op) + 1;
        if (counted)
        {
            NodeCount++;
            operators[op] = operators.GetValueOrDefault(op) + 1;
        }
    }

    /// <summary>Accounts for a name that is kept until the file has been read.</summary>
    public void Keep(string name)
    {
        // A string takes about two bytes per character plus its header.
        keptNameBytes += (name.Length * 2) + 32;
        if (keptNameBytes > limits.MaxKeptNameBytes)
        {
            throw OnnxRefusedException.TooMany("bytes of names", limits.MaxKeptNameBytes);
        }
    }

    private void Keep(OnnxOperator op)
    {
        Keep(op.Domain);
        Keep(op.Name);
        Keep(op.Overload);
    }

    /// <summary>Refuses operators nobody defines, and functions that never end. To be called once all is read.</summary>
    public void RefuseUnknownOperators()
    {
        foreach (var op in used)
        {
            if (!OnnxOperators.IsKnownDomain(op.Domain) && !functions.ContainsKey(op))
            {
                throw OnnxOperators.Unknown(op);
            }
        }

        var unfolded = new Dictionary<Body, long>();
        foreach (var body in functions.Values.Append(main))
        {
            Unfold(body, unfolded, 0);
        }
    }

    /// <summary>The histogram, most frequent first.</summary>
    public IReadOnlyDictionary<string, long> Histogram()
    {
        var byName = operators
            .GroupBy(pair => pair.Key.Display, StringComparer.Ordinal)
            .Select(group => KeyValuePair.Create(group.Key, group.Sum(pair => pair.Value)))
            .OrderByDescending(pair => pair.Value)
            .ThenBy(pair => pair.Key, StringComparer.Ordinal)
            .ToList();
        var histogram = byName.Take(limits.MaxHistogramEntries).ToDictionary(StringComparer.Ordinal);
        var others = byName.Skip(limits.MaxHistogramEntries).Sum(pair => pair.Value);
        if (others > 0)
        {
            histogram[OnnxModelInfo.OtherOperators] = others;
        }

        return histogram;
    }

    // A runtime replaces each call by the function's body. Functions that call the next one twice, thirty levels
    // deep, are a few hundred bytes in the file and a billion nodes in memory.
    private long Unfold(Body body, Dictionary<Body, long> unfolded, int depth)
    {
        if (unfolded.TryGetValue(body, out var known))
        {
            return known >= 0 ? known : throw Endless("call each other in a circle");
        }

        if (depth > limits.MaxNesting)
        {
            throw new OnnxRefusedException(OnnxRefusalCodes.TooDeep, $"The model's functions call each other more than {limits.MaxNesting} levels deep. Export the model with its functions inlined.");
        }

        unfolded[body] = -1;
        Int128 total = body.Nodes;
        foreach (var (op, times) in body.Calls)
        {
            if (functions.TryGetValue(op, out var callee))
            {
                total += (Int128)times * Unfold(callee, unfolded, depth + 1);
            }

            if (total > limits.MaxUnfoldedNodes)
            {
                throw Endless($"unfold to more than {limits.MaxUnfoldedNodes} nodes");
            }
        }

        return unfolded[body] = (long)total;
    }

    private static OnnxRefusedException Endless(string how) =>
        new(OnnxRefusalCodes.FunctionExpansion, $"The functions that the model defines {how}. Export the model with its functions inlined.");

    private sealed class Body
    {
        public long Nodes { get; set; }

        public Dictionary<OnnxOperator, long> Calls { get; } = [];
    }
}
