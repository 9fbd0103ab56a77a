using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Monitoring.Prometheus;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>Connections to clusters, and the commands that set them up.</summary>
internal static class ClusterClientFeature
{
    /// <summary>Adds them.</summary>
    public static IServiceCollection AddClusters(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<KubernetesOptions>, ValidateKubernetesOptions>();
        services.AddOptions<KubernetesOptions>().BindConfiguration(KubernetesOptions.Section).ValidateOnStart();
        services.AddDataProtection();
        services.AddSingleton(provider => new InClusterAccess(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<TargetSecrets>();
        services.TryAddSingleton<PrometheusClient>();
        services.AddSingleton<ClusterFactory>();
        services.AddSingleton<ClusterConnections>();
        services.AddSingleton<IClusters>(provider => provider.GetRequiredService<ClusterConnections>());
        services.AddHostedService(provider => provider.GetRequiredService<ClusterConnections>());
        services.AddSingleton<KubernetesTargetCommands>();
        return services;
    }
}
