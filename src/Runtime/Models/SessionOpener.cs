using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;
using Ops.Runtime.Monitoring;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Models;

/// <summary>Opens verified models the way their options say: on which provider, from the optimized cache or not.</summary>
internal sealed class SessionOpener(OrtEnvironment environment, OptimizedModels optimized, IGpuReader gpus, IOptions<RuntimeOptions> options, ILogger<SessionOpener> log)
{
    /// <summary>Opens a model.</summary>
    /// <param name="model">Which one.</param>
    /// <param name="folder">The version's folder in the cache, verified.</param>
    /// <param name="entry">Which of its files is the model.</param>
    /// <param name="oneThread">Whether runs compute on the thread that calls them alone.</param>
    /// <exception cref="OrtException">The engine cannot load it.</exception>
    /// <exception cref="ModelLoadException">It refers to other files, or it must run on a provider that cannot be had.</exception>
    public OrtSession Open(ServedModel model, string folder, ModelFileOptions entry, bool oneThread)
    {
        var path = Path.Combine(folder, entry.Path);
        var hasExternalData = OnnxReferences.Check(path, entry.Path, model.Options.Files);
        var execution = ExecutionSettings.Of(options.Value, model.Options);
        var settings = Settings(model, execution, OnnxInputs.OpenExtents(path)) with { OneThread = oneThread };
        for (var first = 0; first < execution.Providers.Count; first++)
        {
            if (TryOpenOn(execution, first, model, path, settings) is { } session)
            {
                return session;
            }
        }

        // A provider may rewrite the graph for itself, so only what is made for the CPU is kept.
        return !hasExternalData && IsKept(execution, entry)
            ? optimized.Open(model.Name, model.Version, folder, path, entry.Sha256, settings)
            : OrtSession.Load(environment, path, settings);
    }

    /// <summary>The key of what is kept beside the optimized model.</summary>
    /// <returns>Null when the options say that nothing is kept.</returns>
    public string? Key(ServedModel model, ModelFileOptions entry)
    {
        var execution = ExecutionSettings.Of(options.Value, model.Options);
        return IsKept(execution, entry) ? OptimizedModels.Key(entry.Sha256, Settings(model, execution, new HashSet<string>())) : null;
    }

    private static bool IsKept(ExecutionSettings execution, ModelFileOptions entry) =>
        execution.OptimizedCache && entry.Size < OptimizedModels.LargestModel && Optimization(execution) != OrtGraphOptimization.Disabled;

    private static OrtGraphOptimization Optimization(ExecutionSettings execution) =>
        Enum.Parse<OrtGraphOptimization>(execution.GraphOptimization, ignoreCase: true);

    private OrtSession? TryOpenOn(ExecutionSettings execution, int first, ServedModel model, string path, OrtSessionSettings settings)
    {
        var name = execution.Providers[first].Name;
        try
        {
            if (!environment.Providers.Contains(EngineName(name)))
            {
                throw new OrtException(OrtErrorCode.ExecutionProviderFail, $"This build of the engine has no {name}; it has {string.Join(", ", environment.Providers)}.");
            }

            var providers = execution.Providers.Skip(first)
                .Where(p => environment.Providers.Contains(EngineName(p.Name)))
                .Select(p => new OrtProvider(p.Name, Complete(p, model)))
                .ToArray();
            return OrtSession.Load(environment, path, settings with { Providers = providers });
        }
        catch (OrtException exception)
        {
            if (execution.RequireProvider)
            {
                throw new ModelLoadException($"It must run on {name}, which cannot be had.", exception);
            }

            var next = first + 1 < execution.Providers.Count ? execution.Providers[first + 1].Name : ExecutionValidator.Cpu;
            log.ProviderFellBack(model.Name, model.Version, name, next, exception);
            return null;
        }
    }

    private OrtSessionSettings Settings(ServedModel model, ExecutionSettings execution, IReadOnlySet<string> open)
    {
        if (options.Value.ProfileFolder is { } profiles)
        {
            Directory.CreateDirectory(profiles);
        }

        return new OrtSessionSettings
        {
            GraphOptimization = Optimization(execution),
            ParallelOperators = execution.ParallelOperators,
            Arena = execution.Arena,
            MemoryPattern = open.All(execution.FreeDimensions.ContainsKey),
            FreeDimensions = execution.FreeDimensions,
            ProfilePrefix = options.Value.ProfileFolder is { } folder ? Path.Combine(folder, $"{model.Name}-{model.Version}") : null,
        };
    }

    /// <summary>TensorRT compiles for minutes; what it made is kept, apart for each kind of GPU and driver.</summary>
    private Dictionary<string, string> Complete(ProviderOptions provider, ServedModel model)
    {
        if (provider.Name != ExecutionValidator.TensorRt)
        {
            return provider.Options;
        }

        var device = int.Parse(provider.Options.GetValueOrDefault("device_id", "0"), System.Globalization.CultureInfo.InvariantCulture);
        var gpu = gpus.Read().FirstOrDefault(g => g.Index == device);
        var kind = string.Concat($"{gpu?.Name ?? "unknown"}-{gpu?.DriverVersion ?? "unknown"}".Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' ? c : '_'));
        var folder = Path.Combine(options.Value.CacheFolder, model.Options.Digest.ToLowerInvariant(), ModelFilePath.Reserved, "tensorrt", kind);
        Directory.CreateDirectory(folder);
        return new Dictionary<string, string>(provider.Options)
        {
            ["trt_engine_cache_enable"] = "1",
            ["trt_engine_cache_path"] = folder,
            ["trt_timing_cache_enable"] = "1",
            ["trt_timing_cache_path"] = folder,
        };
    }

    private static string EngineName(string provider) => provider switch
    {
        ExecutionValidator.Cuda => "CUDAExecutionProvider",
        ExecutionValidator.TensorRt => "TensorrtExecutionProvider",
        _ => "CPUExecutionProvider",
    };
}
