using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;

namespace Ops.Runtime.Lifecycle;

/// <summary>Starting, being watched, draining and stopping.</summary>
internal static class LifecycleFeature
{
    /// <summary>Time that runs have to end after they were told to.</summary>
    public const double CutOffSeconds = 5;

    /// <summary>Time the server has beyond grace and drain to close connections; then it cuts them.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(3);

    public static IServiceCollection AddLifecycle(this IServiceCollection services)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<RuntimeState>();
        services.AddSingleton<RequestsInFlight>();
        services.AddSingleton<RunFolder>(s => new RunFolder(s.GetRequiredService<IOptions<RuntimeOptions>>()));
        services.AddHostedService<RunFolderService>();
        services.AddHostedService<DrainService>();
        services.AddOptions<HostOptions>().Configure<IOptions<RuntimeOptions>>((host, runtime) =>
            host.ShutdownTimeout = TimeSpan.FromSeconds(runtime.Value.DrainGraceSeconds + runtime.Value.DrainTimeoutSeconds + CutOffSeconds) + Slack);
        return services;
    }
}
