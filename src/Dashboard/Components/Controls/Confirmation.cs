namespace Ops.Dashboard.Components.Controls;

/// <summary>A question that must be answered before something happens.</summary>
/// <param name="Title">The question itself, "Abort the rollout?".</param>
/// <param name="Text">What will happen, in one or two sentences.</param>
/// <param name="ConfirmLabel">The verb on the button, "Abort".</param>
/// <param name="Danger">The action destroys or interrupts something.</param>
/// <param name="TypeToConfirm">The name that has to be typed first, for what cannot be taken back in production.</param>
/// <param name="ReasonRequired">A reason has to be given; it comes back with the answer.</param>
public sealed record Confirmation(
    string Title,
    string Text,
    string ConfirmLabel,
    bool Danger = false,
    string? TypeToConfirm = null,
    bool ReasonRequired = false);

/// <summary>What was answered.</summary>
/// <param name="Confirmed">True where the action was confirmed; false for Cancel and Escape.</param>
/// <param name="Reason">The reason, trimmed, where one was asked for and the answer is yes.</param>
public sealed record ConfirmationAnswer(bool Confirmed, string? Reason = null);
