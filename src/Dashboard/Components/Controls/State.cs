namespace Ops.Dashboard.Components.Controls;

/// <summary>The only meanings that have a colour. Each is shown with an icon and a word as well.</summary>
public enum State
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>Works, but someone should look soon.</summary>
    Warning,

    /// <summary>Broken, or about to be: someone must act now.</summary>
    Critical,

    /// <summary>Worth knowing, nothing to do.</summary>
    Info,

    /// <summary>No judgement: off, archived, unknown, not started.</summary>
    Neutral,

    /// <summary>On its way to another state.</summary>
    Progress,
}

/// <summary>How each <see cref="State"/> is drawn.</summary>
public static class StateLook
{
    /// <summary>The CSS class that sets text and background of the state, for instance <c>state-ok</c>.</summary>
    public static string CssClass(this State state) => state switch
    {
        State.Ok => "state-ok",
        State.Warning => "state-warning",
        State.Critical => "state-critical",
        State.Info => "state-info",
        State.Progress => "state-progress",
        _ => "state-neutral",
    };

    /// <summary>The icon that goes with the state; shapes differ, so that colour is never the only sign.</summary>
    public static IconName Icon(this State state) => state switch
    {
        State.Ok => IconName.CheckCircle,
        State.Warning => IconName.WarningTriangle,
        State.Critical => IconName.CriticalOctagon,
        State.Info => IconName.InfoCircle,
        State.Progress => IconName.Progress,
        _ => IconName.NeutralCircle,
    };
}
