using Ops.Dashboard.Commands;

namespace Ops.Dashboard.Features.Settings;

/// <summary>One tab of the settings, registered by the feature that owns its page: <c>services.AddSingleton(new SettingsTab("People", "/settings/people", Right.ManageAccess, 10))</c>.</summary>
/// <param name="Title">Its label.</param>
/// <param name="Href">The page, below <c>/settings/</c>; it puts its content into <see cref="SettingsFrame"/>.</param>
/// <param name="Right">Who sees the tab. The page asks for the same right itself.</param>
/// <param name="Order">Its place, lowest first.</param>
internal sealed record SettingsTab(string Title, string Href, Right Right, int Order);
