namespace Ops.Dashboard.Components.Controls;

/// <summary>One step of the way to a page.</summary>
/// <param name="Text">What it is called.</param>
/// <param name="Href">Where it leads.</param>
public sealed record Crumb(string Text, string Href);
