using Microsoft.Extensions.DependencyInjection.Extensions;
using Ops.Dashboard.Components.Palette;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Dashboard.Features.Targets.Kubernetes.Supply;
using Ops.Dashboard.Features.Targets.Local;

namespace Ops.Dashboard.Features.Targets;

/// <summary>Where endpoints run.</summary>
internal static class TargetsFeature
{
    /// <summary>Adds the drivers of all kinds of targets, what they report to, and the targets' pages and commands.</summary>
    public static IServiceCollection AddTargets(this IServiceCollection services)
    {
        services.TryAddSingleton<ObservedEndpoints>();
        services.TryAddSingleton<ITargetEvents, LoggedTargetEvents>();
        services.TryAddSingleton<TargetDrivers>();
        services.AddSingleton<TargetsFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<TargetsFeed>());
        services.AddSingleton<TargetCommands>();
        services.AddSingleton<Kubernetes.DriftCommands>();
        services.AddSingleton<Pages.Clusters.ClusterDesk>();
        services.AddScoped<ICommandSource, TargetPalette>();
        services.AddLocalTarget();
        services.AddClusters();
        services.AddKubernetesDriver();
        return services;
    }

    /// <summary>Maps where pods fetch files of versions.</summary>
    public static void MapTargets(this IEndpointRouteBuilder app) => app.MapFetch();
}
