namespace Ops.Dashboard.Components.Layout;

/// <summary>
/// A place of the frame that a feature fills with a component of its own, registered as a singleton:
/// <c>services.AddSingleton(new LayoutSlot(LayoutSlot.Tray, typeof(UploadTray)))</c>. It lives as long as the circuit's frame,
/// whatever page is open.
/// </summary>
/// <param name="Place">Where it goes: <see cref="Tray"/>, <see cref="InboxCount"/> or <see cref="Person"/>.</param>
/// <param name="Component">The component's type; it gets no parameters.</param>
public sealed record LayoutSlot(string Place, Type Component)
{
    /// <summary>Bottom right, above the toasts.</summary>
    public const string Tray = "tray";

    /// <summary>Beside the rail's Inbox link; render a <c>&lt;span class="count"&gt;</c>, or nothing when there is nothing to do.</summary>
    public const string InboxCount = "inbox-count";

    /// <summary>Links in the person menu, each with class <c>menu-item</c>.</summary>
    public const string Person = "person";
}
