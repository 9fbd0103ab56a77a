using Ops.Dashboard.Components.Layout;
using Ops.Dashboard.Features.Approvals.Pages;

namespace Ops.Dashboard.Features.Approvals;

/// <summary>Decisions on rollouts.</summary>
internal static class ApprovalsFeature
{
    /// <summary>Adds it. Needs the feature Rollouts.</summary>
    public static IServiceCollection AddApprovals(this IServiceCollection services)
    {
        services.AddSingleton<DecideRollout>();
        services.AddSingleton<InboxQueries>();
        services.AddSingleton<InboxReader>();
        services.AddSingleton(new LayoutSlot(LayoutSlot.InboxCount, typeof(InboxCount)));
        services.AddSingleton<ExpireRequests>();
        services.AddHostedService(provider => provider.GetRequiredService<ExpireRequests>());
        return services;
    }
}
