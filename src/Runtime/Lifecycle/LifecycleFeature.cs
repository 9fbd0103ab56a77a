using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;

namespace Ops.Runtime.Lifecycle;

/// <summary>Starting, being watched, draining and stopping.</summary>
internal static class LifecycleFeature
{
    /// <summary>Time the host has beyond grace and drain to close connections.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(10);

    public static IServiceCollection AddLifecycle(this IServiceCollection services)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<RuntimeState>();
        services.AddSingleton<RequestsInFlight>();
        services.AddSingleton<RunFolder>(s => new RunFolder(s.GetRequiredService<IOptions<RuntimeOptions>>()));
        services.AddHostedService<RunFolderService>();
        services.AddHostedService<DrainService>();
        services.AddOptions<HostOptions>().Configure<IOptions<RuntimeOptions>>((host, runtime) =>
            host.ShutdownTimeout = TimeSpan.FromSeconds(runtime.Value.DrainGraceSeconds + runtime.Value.DrainTimeoutSeconds) + Slack);
        return services;
    }
}
