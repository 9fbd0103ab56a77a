namespace Ops.Runtime.Scheduling;

/// <summary>Who runs when, and with whom.</summary>
internal static class SchedulingFeature
{
    public static IServiceCollection AddScheduling(this IServiceCollection services) => services.AddSingleton<SchedulerFactory>();
}
