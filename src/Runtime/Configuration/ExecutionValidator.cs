using System.Collections.Frozen;

namespace Ops.Runtime.Configuration;

/// <summary>Checks one <see cref="ExecutionOptions"/>; failures carry keys relative to it.</summary>
internal static class ExecutionValidator
{
    /// <summary>Name of the provider that is always there.</summary>
    public const string Cpu = "cpu";

    /// <summary>NVIDIA's CUDA.</summary>
    public const string Cuda = "cuda";

    /// <summary>NVIDIA's TensorRT.</summary>
    public const string TensorRt = "tensorrt";

    /// <summary>The threads of runs are measured.</summary>
    public const string AutoThreads = "auto";

    /// <summary>A run computes on the thread that calls it.</summary>
    public const string OneThread = "one";

    /// <summary>A run computes on the threads that all models share.</summary>
    public const string SharedThreads = "shared";

    /// <summary>A run computes on the shared threads while few go on, on the one that calls it otherwise.</summary>
    public const string AdaptiveThreads = "adaptive";

    private static readonly FrozenSet<string> Optimizations = FrozenSet.Create(StringComparer.Ordinal, "disabled", "basic", "extended", "all");

    /// <summary>The options that may be set. Left out on purpose: addresses of memory or streams of this process, paths
    /// (they follow from the cache folder), plug-in libraries, which would be code, and CUDA graphs, which replay a run on
    /// the addresses of the first one, while every run here has its own.</summary>
    private static readonly FrozenDictionary<string, FrozenSet<string>> Allowed = new Dictionary<string, FrozenSet<string>>
    {
        [Cpu] = FrozenSet<string>.Empty,
        [Cuda] = FrozenSet.Create(
            StringComparer.Ordinal, "device_id", "gpu_mem_limit", "arena_extend_strategy", "cudnn_conv_algo_search", "do_copy_in_default_stream",
            "cudnn_conv_use_max_workspace", "cudnn_conv1d_pad_to_nc1d", "enable_skip_layer_norm_strict_mode", "use_tf32",
            "prefer_nhwc", "use_ep_level_unified_stream", "fuse_conv_bias", "sdpa_kernel"),
        [TensorRt] = FrozenSet.Create(
            StringComparer.Ordinal, "device_id", "trt_fp16_enable", "trt_bf16_enable", "trt_int8_enable", "trt_int8_use_native_calibration_table",
            "trt_max_workspace_size", "trt_max_partition_iterations", "trt_min_subgraph_size", "trt_builder_optimization_level",
            "trt_context_memory_sharing_enable", "trt_layer_norm_fp32_fallback", "trt_force_sequential_engine_build",
            "trt_sparsity_enable", "trt_auxiliary_streams", "trt_profile_min_shapes", "trt_profile_max_shapes", "trt_profile_opt_shapes"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static IEnumerable<(string Key, string Reason)> Failures(ExecutionOptions options)
    {
        if (options.GraphOptimization is { } level && !Optimizations.Contains(level))
        {
            yield return ("GraphOptimization", "must be 'disabled', 'basic', 'extended' or 'all'.");
        }

        if (options.RunThreads is not (null or AutoThreads or OneThread or SharedThreads or AdaptiveThreads))
        {
            yield return ("RunThreads", "must be 'auto', 'one', 'shared' or 'adaptive'.");
        }

        if (options.WarmUpRuns is < 0 or > 1000)
        {
            yield return ("WarmUpRuns", "must be from 0 to 1000.");
        }

        foreach (var (input, shape) in options.WarmUpShapes)
        {
            if (Array.Exists(shape, extent => extent < 0))
            {
                yield return ($"WarmUpShapes:{input}", "must hold extents of at least 0.");
            }
        }

        foreach (var (name, extent) in options.FreeDimensions)
        {
            if (extent < 1)
            {
                yield return ($"FreeDimensions:{name}", "must be at least 1.");
            }
        }

        for (var i = 0; i < options.Providers.Count; i++)
        {
            foreach (var (key, reason) in Failures(options.Providers[i]))
            {
                yield return ($"Providers:{i}:{key}", reason);
            }
        }

        if (options.Providers.Select(p => p.Name).Distinct().Count() < options.Providers.Count)
        {
            yield return ("Providers", "must name each provider once.");
        }
    }

    private static IEnumerable<(string Key, string Reason)> Failures(ProviderOptions provider)
    {
        if (!Allowed.TryGetValue(provider.Name, out var allowed))
        {
            yield return ("Name", "must be 'cuda', 'tensorrt' or 'cpu'.");
            yield break;
        }

        foreach (var key in provider.Options.Keys.Where(k => !allowed.Contains(k)))
        {
            yield return ($"Options:{key}", $"is no option of '{provider.Name}' that can be set.");
        }
    }
}
