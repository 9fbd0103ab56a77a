namespace Ops.Runtime.Configuration;

/// <summary>How one model runs: its own options over those of the process over the defaults.</summary>
internal sealed record ExecutionSettings
{
    /// <summary><c>disabled</c>, <c>basic</c>, <c>extended</c> or <c>all</c>.</summary>
    public required string GraphOptimization { get; init; }

    /// <summary>Independent operators of a run go side by side.</summary>
    public required bool ParallelOperators { get; init; }

    /// <summary><c>auto</c>, <c>one</c> or <c>shared</c>.</summary>
    public required string RunThreads { get; init; }

    /// <summary>The engine keeps working memory between runs.</summary>
    public required bool Arena { get; init; }

    /// <summary>The optimized model is kept.</summary>
    public required bool OptimizedCache { get; init; }

    /// <summary>Runs before the model is ready.</summary>
    public required int WarmUpRuns { get; init; }

    /// <summary>Shapes of inputs for these runs.</summary>
    public required IReadOnlyDictionary<string, long[]> WarmUpShapes { get; init; }

    /// <summary>Extents that are fixed, by name.</summary>
    public required IReadOnlyDictionary<string, long> FreeDimensions { get; init; }

    /// <summary>Where to run, best first; without <c>cpu</c>, which always comes last.</summary>
    public required IReadOnlyList<ProviderOptions> Providers { get; init; }

    /// <summary>The first provider or none.</summary>
    public required bool RequireProvider { get; init; }

    public static ExecutionSettings Of(RuntimeOptions process, ModelOptions model)
    {
        var (all, own) = (process.Execution, model.Execution);
        var providers = own.Providers.Count > 0 ? own.Providers : all.Providers;
        return new ExecutionSettings
        {
            GraphOptimization = own.GraphOptimization ?? all.GraphOptimization ?? "all",
            ParallelOperators = own.ParallelOperators ?? all.ParallelOperators ?? false,
            RunThreads = own.RunThreads ?? all.RunThreads ?? ExecutionValidator.AutoThreads,
            Arena = own.Arena ?? all.Arena ?? true,
            OptimizedCache = own.OptimizedCache ?? all.OptimizedCache ?? true,
            WarmUpRuns = own.WarmUpRuns ?? all.WarmUpRuns ?? 1,
            WarmUpShapes = own.WarmUpShapes.Count > 0 ? own.WarmUpShapes : all.WarmUpShapes,
            FreeDimensions = own.FreeDimensions.Count > 0 ? own.FreeDimensions : all.FreeDimensions,
            Providers = [.. providers.TakeWhile(p => p.Name != ExecutionValidator.Cpu)],
            RequireProvider = own.RequireProvider ?? all.RequireProvider ?? false,
        };
    }
}
