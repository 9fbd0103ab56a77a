using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Settings;

namespace Ops.Dashboard.Features.Approvals;

/// <summary>How many people must agree, set by environment.</summary>
internal static class ApprovalPoliciesFeature
{
    /// <summary>Adds the command and its page under Settings.</summary>
    public static IServiceCollection AddApprovalPolicies(this IServiceCollection services)
    {
        services.AddSingleton<ChangeApprovalPolicy>();
        services.AddSingleton(new SettingsTab("Policies", "/settings/policies", Right.ManageTargets, 20));
        return services;
    }
}
