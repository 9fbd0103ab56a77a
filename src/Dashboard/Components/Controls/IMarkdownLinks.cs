namespace Ops.Dashboard.Components.Controls;

/// <summary>Says where relative links in a Markdown text lead, for texts that come with files. Without it they are shown as text.</summary>
public interface IMarkdownLinks
{
    /// <summary>The address on this server of a picture, or null when it is not shown.</summary>
    string? Image(string url);

    /// <summary>The address on this server of a file, or null when there is none.</summary>
    string? Link(string url);
}
