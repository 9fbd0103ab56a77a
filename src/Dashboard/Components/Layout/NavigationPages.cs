using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.Components.Layout;

/// <summary>One page of the rail. <paramref name="OnPhone"/>: shown in the bottom bar itself rather than behind "More".</summary>
internal sealed record NavigationPage(string Title, string Href, IconName Icon, bool OnPhone);

/// <summary>The pages of the rail in their order.</summary>
internal static class NavigationPages
{
    public static IReadOnlyList<NavigationPage> All { get; } =
    [
        new("Overview", "/", IconName.Overview, true),
        new("Endpoints", "/endpoints", IconName.Endpoint, true),
        new("Models", "/models", IconName.Model, true),
        new("Rollouts", "/rollouts", IconName.Rollout, true),
        new("Inbox", "/inbox", IconName.Inbox, true),
        new("Targets", "/targets", IconName.Target, false),
        new("Audit", "/audit", IconName.Audit, false),
        new("Settings", "/settings", IconName.Settings, false),
    ];
}
