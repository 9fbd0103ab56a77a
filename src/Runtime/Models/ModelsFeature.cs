using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;
using Ops.Runtime.Fetching;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Models;

/// <summary>Fetching, verifying, loading and finding the versions of this process.</summary>
internal static class ModelsFeature
{
    public static IServiceCollection AddModels(this IServiceCollection services)
    {
        services.AddSingleton(provider => new FileFetcher(
            FileFetcher.CreateClient(),
            TimeSpan.FromSeconds(provider.GetRequiredService<IOptions<RuntimeOptions>>().Value.FetchStallSeconds),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<FileFetcher>>()));
        services.AddSingleton<VerifiedFiles>();
        services.AddSingleton(CreateEnvironment);
        services.AddSingleton<ModelCache>();
        services.AddSingleton<OptimizedModels>();
        services.AddSingleton<SessionOpener>();
        services.AddSingleton<WarmUp>();
        services.AddSingleton<ThreadTrial>();
        services.AddSingleton<LoadReport>();
        services.AddSingleton<ModelLoader>();
        services.AddSingleton<ModelRegistry>();
        services.AddSingleton<ConfiguredModels>();
        services.AddSingleton<ModelRepository>();
        services.AddHostedService<ModelLoadingService>();
        return services;
    }

    private static OrtEnvironment CreateEnvironment(IServiceProvider services)
    {
        const int errorSeverity = 3;
        var options = services.GetRequiredService<IOptions<RuntimeOptions>>().Value;
        var log = services.GetRequiredService<ILogger<OrtEnvironment>>();
        TensorMemory.Shared.Limit = options.PooledTensorBytes;
        return OrtEnvironment.Create(options.EffectiveThreads, options.Spin, Log, options.InterOpThreads, options.ArenaExtend == "same-as-requested");

        void Log(int severity, string text)
        {
            if (severity >= errorSeverity)
            {
                log.EngineError(text);
            }
            else
            {
                log.EngineWarning(text);
            }
        }
    }
}
