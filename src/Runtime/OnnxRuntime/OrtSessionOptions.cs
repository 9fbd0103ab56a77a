using Microsoft.ML.OnnxRuntime;
using SessionOptions = Microsoft.ML.OnnxRuntime.SessionOptions;

namespace Ops.Runtime.OnnxRuntime;

/// <summary>Turns our settings into the package's.</summary>
internal static class OrtSessionOptions
{
    /// <exception cref="OnnxRuntimeException">A provider cannot be had.</exception>
    public static SessionOptions Create(OrtEnvironment environment, OrtSessionSettings settings)
    {
        var options = new SessionOptions();
        try
        {
            options.GraphOptimizationLevel = (GraphOptimizationLevel)settings.GraphOptimization;
            options.ExecutionMode = settings.ParallelOperators ? ExecutionMode.ORT_PARALLEL : ExecutionMode.ORT_SEQUENTIAL;
            options.EnableCpuMemArena = settings.Arena;
            // The engine refuses patterns together with operators side by side.
            options.EnableMemoryPattern = settings.MemoryPattern && !settings.ParallelOperators;
            if (settings.OneThread)
            {
                // Of the session's own and none beside the caller: no pool is made.
                options.IntraOpNumThreads = 1;
                options.InterOpNumThreads = 1;
            }
            else
            {
                options.DisablePerSessionThreads();
            }

            if (environment.SharesArena && settings.Arena)
            {
                options.AddSessionConfigEntry("session.use_env_allocators", "1");
            }

            foreach (var (name, extent) in settings.FreeDimensions)
            {
                options.AddFreeDimensionOverrideByName(name, extent);
            }

            if (settings.OptimizedPath is { } optimized)
            {
                options.OptimizedModelFilePath = optimized;
            }

            if (settings.ProfilePrefix is { } prefix)
            {
                options.ProfileOutputPathPrefix = prefix;
                options.EnableProfiling = true;
            }

            foreach (var provider in settings.Providers)
            {
                Append(options, provider);
            }

            return options;
        }
        catch
        {
            options.Dispose();
            throw;
        }
    }

    private static void Append(SessionOptions options, OrtProvider provider)
    {
        var values = provider.Options.ToDictionary();
        switch (provider.Name)
        {
            case "cuda":
                using (var cuda = new OrtCUDAProviderOptions())
                {
                    cuda.UpdateOptions(values);
                    options.AppendExecutionProvider_CUDA(cuda);
                }

                break;
            case "tensorrt":
                using (var tensorRt = new OrtTensorRTProviderOptions())
                {
                    tensorRt.UpdateOptions(values);
                    options.AppendExecutionProvider_Tensorrt(tensorRt);
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(provider), provider.Name, "No such provider.");
        }
    }
}
