using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Layout;
using Ops.Dashboard.Features.Approvals.Pages;
using Ops.Dashboard.Features.Settings;

namespace Ops.Dashboard.Features.Approvals;

/// <summary>Decisions on rollouts, and how many people must agree to one, set by environment.</summary>
internal static class ApprovalsFeature
{
    /// <summary>Adds it. Needs the feature Rollouts.</summary>
    public static IServiceCollection AddApprovals(this IServiceCollection services)
    {
        services.AddSingleton<ChangeApprovalPolicy>();
        services.AddSingleton(new SettingsTab("Policies", "/settings/policies", Right.ManageTargets, 20));
        services.AddSingleton<DecideRollout>();
        services.AddSingleton<InboxQueries>();
        services.AddSingleton<InboxReader>();
        services.AddSingleton(new LayoutSlot(LayoutSlot.InboxCount, typeof(InboxCount)));
        services.AddSingleton<ExpireRequests>();
        services.AddHostedService(provider => provider.GetRequiredService<ExpireRequests>());
        return services;
    }
}
