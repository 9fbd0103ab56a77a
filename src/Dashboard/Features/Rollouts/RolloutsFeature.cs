using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Components.Palette;
using Ops.Dashboard.Features.Monitoring.Revisions;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Dashboard.Features.Rollouts.Gates;
using Ops.Dashboard.Features.Rollouts.Pages;
using Ops.Dashboard.Features.Rollouts.Pages.Wizard;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Dashboard.Features.Rollouts.Queries;
using Ops.Dashboard.Features.Rollouts.Strategies;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Features.Rollouts;

/// <summary>Plans, strategies, and the controller that carries rollouts out.</summary>
internal static class RolloutsFeature
{
    /// <summary>Adds it. Drivers of targets come from their own features, before or after.</summary>
    public static IServiceCollection AddRollouts(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<RolloutsOptions>, ValidateRolloutsOptions>();
        services.AddOptions<RolloutsOptions>().BindConfiguration(RolloutsOptions.Section).ValidateOnStart();

        services.AddSingleton<IStrategy, RollingStrategy>();
        services.AddSingleton<IStrategy, RecreateStrategy>();
        services.AddSingleton<IStrategy, CanaryStrategy>();
        services.AddSingleton<IStrategy, BlueGreenStrategy>();
        services.AddSingleton<IStrategy, ShadowStrategy>();
        services.AddSingleton<StrategyRegistry>();
        services.AddSingleton<PlanBuilder>();
        services.AddSingleton<RequestRollout>();
        services.AddSingleton<RequestRollback>();
        services.AddSingleton<RetryRollout>();
        services.AddSingleton<RolloutControl>();
        services.AddSingleton<EndpointCommands>();
        services.AddSingleton<RolloutQueries>();
        services.AddSingleton<EndpointQueries>();
        services.AddScoped<ICommandSource, EndpointPalette>();
        services.AddScoped<ICommandSource, RolloutPalette>();
        services.AddSingleton<PlanChoices>();
        services.AddSingleton<RolloutReader>();

        services.TryAddSingleton<RouteTable>();
        services.TryAddSingleton<ObservedEndpoints>();
        services.TryAddSingleton<TargetDrivers>();
        services.AddSingleton<ReconcileQueue>();
        services.AddSingleton<ProgressWatch>();
        services.AddSingleton<StepClock>();
        services.AddSingleton<GateWatch>();
        services.TryAddSingleton<RevisionReadings>();
        services.AddSingleton<LeaderLease>();
        services.AddSingleton<ITurn>(provider => provider.GetRequiredService<LeaderLease>());
        services.AddSingleton<RolloutFeed>();
        services.AddSingleton<RolloutsHealth>();
        services.AddSingleton<RolloutOutcomes>();
        services.AddSingleton<EndpointReconciler>();
        services.AddHostedService<RolloutsHostedService>();
        services.AddSingleton<TargetEventRecorder>();
        services.AddHostedService(provider => provider.GetRequiredService<TargetEventRecorder>());
        services.Replace(ServiceDescriptor.Singleton<ITargetEvents>(provider => provider.GetRequiredService<TargetEventRecorder>()));
        services.AddHealthChecks().AddCheck<RolloutsHealth>("rollouts", tags: ["ready"]);
        return services;
    }
}
