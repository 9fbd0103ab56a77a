namespace Ops.Dashboard.Features.Approvals;

/// <summary>Decisions on rollouts.</summary>
internal static class ApprovalsFeature
{
    /// <summary>Adds it. Needs the feature Rollouts.</summary>
    public static IServiceCollection AddApprovals(this IServiceCollection services)
    {
        services.AddSingleton<DecideRollout>();
        services.AddSingleton<InboxQueries>();
        services.AddSingleton<ExpireRequests>();
        services.AddHostedService(provider => provider.GetRequiredService<ExpireRequests>());
        return services;
    }
}
