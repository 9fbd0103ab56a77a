namespace Ops.Dashboard.Components.Controls;

/// <summary>Where one step of a wizard or a track stands.</summary>
public enum StepState
{
    /// <summary>Not reached yet.</summary>
    Waiting,

    /// <summary>The one at hand.</summary>
    Current,

    /// <summary>Behind us.</summary>
    Done,

    /// <summary>Needs correction, or failed.</summary>
    Error,
}

/// <summary>One step.</summary>
/// <param name="Text">Its name.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Href">Where it leads, if one may go there.</param>
public sealed record StepItem(string Text, StepState State, string? Href = null);
