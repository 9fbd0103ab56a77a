using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Targets.Local.Inventory;
using Ops.Dashboard.Hosting;

namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>The machine of the dashboard as a target.</summary>
internal static class LocalTargetFeature
{
    /// <summary>Adds the driver and the service that opens and closes it.</summary>
    public static IServiceCollection AddLocalTarget(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<LocalTargetOptions>, ValidateLocalTargetOptions>();
        services.AddOptions<LocalTargetOptions>().BindConfiguration(LocalTargetOptions.Section).ValidateOnStart();
        services.AddLocalInventory();
        services.AddSingleton<VersionSources>();
        services.AddSingleton<IReplicaProcesses, LocalProcesses>();
        services.AddSingleton(CreateDriver);
        services.AddSingleton<ITargetDriver>(provider => provider.GetRequiredService<LocalTargetDriver>());
        services.AddHostedService<LocalTargetService>();
        return services;
    }

    private static LocalTargetDriver CreateDriver(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<LocalTargetOptions>>().Value;
        var machine = provider.GetRequiredService<LocalMachine>();
        var sources = provider.GetRequiredService<VersionSources>();
        var time = provider.GetRequiredService<TimeProvider>();
        var data = provider.GetRequiredService<DataFolder>();
        var context = new LocalTargetContext
        {
            Options = options,
            ReplicasRoot = data.Folder("local", "replicas"),
            CacheFolder = data.Folder("local", "cache"),
            NodeName = machine.Read().HostName,
            ReadGpus = () => [.. LocalNode.From(machine.Read()).Gpus.Select(g => g.Product)],
            Time = time,
            Processes = provider.GetRequiredService<IReplicaProcesses>(),
            Probe = new(new HttpMessageInvoker(Handler()), time, options.HealthTimeout),
            Resolve = sources.ResolveAsync,
            Knows = sources.KnowsAsync,
            Observed = provider.GetRequiredService<ObservedEndpoints>(),
            Events = provider.GetRequiredService<ITargetEvents>(),
            Log = provider.GetRequiredService<ILogger<LocalTargetDriver>>(),
        };
        return new(context, () => LocalNode.From(machine.Read()));
    }

    // Replicas come and go on changing ports; a proxy from the environment has no business between us and them.
    private static SocketsHttpHandler Handler() => new() { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5) };
}
