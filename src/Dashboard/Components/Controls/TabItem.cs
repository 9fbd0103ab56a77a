namespace Ops.Dashboard.Components.Controls;

/// <summary>One tab.</summary>
/// <param name="Key">Its value in the address.</param>
/// <param name="Text">Its label.</param>
/// <param name="Count">How many things are behind it, where that helps.</param>
/// <param name="Href">Its address where the tab is a part of the path; otherwise it is a query parameter.</param>
public sealed record TabItem(string Key, string Text, long? Count = null, string? Href = null);
