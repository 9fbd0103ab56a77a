using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

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
        services.AddSingleton<MetricStore>();
        services.AddSingleton<MonitoringFeed>();
        services.AddSingleton<Scraper>();
        services.AddHostedService<MonitoringService>();
        return services;
    }
}
