namespace Ops.Dashboard.Components.Controls;

/// <summary>One tab.</summary>
/// <param name="Key">Its value in the address.</param>
/// <param name="Text">Its label.</param>
/// <param name="Count">How many things are behind it, where that helps.</param>
public sealed record TabItem(string Key, string Text, long? Count = null);
