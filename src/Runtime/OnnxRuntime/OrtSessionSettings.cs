namespace Ops.Runtime.OnnxRuntime;

/// <summary>How far the engine may rewrite a graph (<c>GraphOptimizationLevel</c>).</summary>
internal enum OrtGraphOptimization
{
    Disabled = 0,
    Basic = 1,
    Extended = 2,
    All = 99,
}

/// <summary>How a session is made.</summary>
internal sealed record OrtSessionSettings
{
    /// <summary>Everything as the engine does it best on a CPU.</summary>
    public static readonly OrtSessionSettings Default = new();

    /// <summary>What may happen to the graph.</summary>
    public OrtGraphOptimization GraphOptimization { get; init; } = OrtGraphOptimization.All;

    /// <summary>Independent operators of a run go side by side, on the threads for that.</summary>
    public bool ParallelOperators { get; init; }

    /// <summary>A run computes on the thread that calls it, and on no other; otherwise with the threads that all sessions
    /// share.</summary>
    public bool OneThread { get; init; }

    /// <summary>Working memory is kept between runs.</summary>
    public bool Arena { get; init; } = true;

    /// <summary>Runs remember where they put their tensors. It pays when every run has the same shapes; otherwise the engine
    /// remembers one pattern for each shape that ever came.</summary>
    public bool MemoryPattern { get; init; } = true;

    /// <summary>Open extents that are fixed, by name.</summary>
    public IReadOnlyDictionary<string, long> FreeDimensions { get; init; } = new Dictionary<string, long>();

    /// <summary>Where the optimized model is written; null for nowhere.</summary>
    public string? OptimizedPath { get; init; }

    /// <summary>How the names of profiles begin, a full path; null for no profile.</summary>
    public string? ProfilePrefix { get; init; }

    /// <summary>Execution providers before the CPU, best first.</summary>
    public IReadOnlyList<OrtProvider> Providers { get; init; } = [];
}

/// <summary>An execution provider.</summary>
/// <param name="Name"><c>cuda</c> or <c>tensorrt</c>.</param>
/// <param name="Options">The engine's options of it.</param>
internal sealed record OrtProvider(string Name, IReadOnlyDictionary<string, string> Options);
