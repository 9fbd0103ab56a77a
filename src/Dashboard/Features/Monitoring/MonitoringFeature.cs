using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Monitoring.Fleet;
using Ops.Dashboard.Features.Monitoring.Gpus;
using Ops.Dashboard.Features.Monitoring.Pages;

namespace Ops.Dashboard.Features.Monitoring;

/// <summary>Watches endpoints: scrapes replicas, keeps an hour of figures, judges health, feeds live charts.</summary>
internal static class MonitoringFeature
{
    /// <summary>Adds the watching.</summary>
    public static IServiceCollection AddMonitoring(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<MonitoringOptions>, ValidateMonitoringOptions>();
        services.AddOptions<MonitoringOptions>().BindConfiguration(MonitoringOptions.Section).ValidateOnStart();
        services.TryAddSingleton<Targets.ObservedEndpoints>();
        services.TryAddSingleton<Revisions.RevisionReadings>();
        services.AddSingleton<MetricStore>();
        services.AddSingleton<MonitoringFeed>();
        services.AddSingleton<Scraper>();
        services.AddHostedService<MonitoringService>();
        services.TryAddSingleton<GpuSeries>();
        services.AddHostedService<GpuWatch>();
        services.AddSingleton<FleetQuery>();
        services.AddSingleton<FleetFeed>();
        services.AddSingleton<FleetService>();
        services.AddHostedService(provider => provider.GetRequiredService<FleetService>());
        services.AddSingleton<EndpointPages>();
        return services;
    }
}
