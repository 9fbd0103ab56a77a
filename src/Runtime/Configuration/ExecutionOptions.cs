namespace Ops.Runtime.Configuration;

/// <summary>How models run: section <c>Execution</c> of the process for all of its models, and of a model for that one.
/// What a model says goes before; what neither says has the default named here.</summary>
internal sealed class ExecutionOptions
{
    /// <summary>What the engine may do to the graph: <c>disabled</c>, <c>basic</c>, <c>extended</c> or <c>all</c>, the default.</summary>
    public string? GraphOptimization { get; set; }

    /// <summary>Whether independent operators of one run may go side by side, on <see cref="RuntimeOptions.InterOpThreads"/>.
    /// Default: no.</summary>
    public bool? ParallelOperators { get; set; }

    /// <summary>On which threads one run computes: <c>one</c> (the one that calls it), <c>shared</c> (with
    /// <see cref="RuntimeOptions.Threads"/>), <c>adaptive</c> (shared while the model has fewer runs at a time than threads, else
    /// one each; loads the model twice) or <c>auto</c>, the default: measured at loading.</summary>
    public string? RunThreads { get; set; }

    /// <summary>Whether the engine keeps working memory between runs: faster, but it stays taken. Default: yes. After a
    /// spike the surplus is given back.</summary>
    public bool? Arena { get; set; }

    /// <summary>Whether the optimized model is kept in the cache folder, so that the next load is faster. Default: yes.</summary>
    public bool? OptimizedCache { get; set; }

    /// <summary>Runs with zeros before the model is ready. Default: 1; 0 for none.</summary>
    public int? WarmUpRuns { get; set; }

    /// <summary>Per input, the shape to warm up with, which then has to succeed. Default: the model's own, open extents
    /// being 1.</summary>
    public Dictionary<string, long[]> WarmUpShapes { get; set; } = [];

    /// <summary>Fixes open extents by the name the model gives them, which lets the engine optimize more.</summary>
    public Dictionary<string, long> FreeDimensions { get; set; } = [];

    /// <summary>Where to run, best first. Default: on the CPU.</summary>
    public List<ProviderOptions> Providers { get; set; } = [];

    /// <summary>Whether a model is refused when it cannot run on the first of <see cref="Providers"/>. Default: no; it runs
    /// on the next one, which is reported.</summary>
    public bool? RequireProvider { get; set; }
}

/// <summary>One place to run.</summary>
internal sealed class ProviderOptions
{
    /// <summary><c>cuda</c>, <c>tensorrt</c> or <c>cpu</c>.</summary>
    public string Name { get; set; } = string.Empty;

    /// <summary>The engine's own options of the provider, by their names there, for instance <c>gpu_mem_limit</c>.</summary>
    public Dictionary<string, string> Options { get; set; } = [];
}
