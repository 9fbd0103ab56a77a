using Microsoft.Extensions.DependencyInjection.Extensions;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring.Gpus;
using Ops.Dashboard.Features.Targets.Kubernetes.Apply;
using Ops.Dashboard.Features.Targets.Kubernetes.Figures;
using Ops.Dashboard.Features.Targets.Kubernetes.Supply;
using Ops.Dashboard.Features.Targets.Local;

namespace Ops.Dashboard.Features.Targets.Kubernetes;

/// <summary>Clusters as targets: what drives them, given the connections.</summary>
internal static class KubernetesDriverFeature
{
    /// <summary>Adds the driver and what it needs besides <see cref="IClusters"/> and the options.</summary>
    public static IServiceCollection AddKubernetesDriver(this IServiceCollection services)
    {
        services.AddSingleton<FetchLinks>();
        services.AddSingleton(provider => new VersionSupply(
            provider.GetRequiredService<VersionSources>().ResolveAsync, provider.GetRequiredService<FetchLinks>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<WantedObjects>();
        services.AddSingleton<ClusterShares>();
        services.AddSingleton<PlanObjects>();
        services.AddSingleton<PlanYaml>();
        services.AddSingleton<PlanTrial>();
        services.AddSingleton<LeftObjects>();
        services.AddSingleton<KubernetesTargetDriver>();
        services.AddSingleton<ITargetDriver>(provider => provider.GetRequiredService<KubernetesTargetDriver>());
        services.AddSingleton<IReplicaTransport, PodTransport>();
        services.AddSingleton<IReplicaFigures, PodFigures>();
        services.TryAddSingleton<GpuSeries>();
        services.AddHostedService<ClusterGpuWatch>();
        services.AddHostedService<LeaseRenewal>();
        return services;
    }
}
