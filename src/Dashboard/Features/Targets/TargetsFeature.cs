using Microsoft.Extensions.DependencyInjection.Extensions;
using Ops.Dashboard.Features.Targets.Local;

namespace Ops.Dashboard.Features.Targets;

/// <summary>Where endpoints run.</summary>
internal static class TargetsFeature
{
    /// <summary>Adds the drivers of all kinds of targets and what they report to.</summary>
    public static IServiceCollection AddTargets(this IServiceCollection services)
    {
        services.TryAddSingleton<ObservedEndpoints>();
        services.TryAddSingleton<ITargetEvents, LoggedTargetEvents>();
        services.AddLocalTarget();
        return services;
    }
}
