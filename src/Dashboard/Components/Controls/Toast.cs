namespace Ops.Dashboard.Components.Controls;

/// <summary>A short message in the corner.</summary>
/// <param name="Id">Its identity on this circuit.</param>
/// <param name="State">Its colour and icon.</param>
/// <param name="Text">What happened.</param>
/// <param name="ActionLabel">The word on its button, "Undo"; null for none.</param>
/// <param name="Action">What the button does.</param>
public sealed record Toast(int Id, State State, string Text, string? ActionLabel, Func<Task>? Action);
