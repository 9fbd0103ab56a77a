using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.Components.Palette;

/// <summary>
/// Something the command palette finds. A feature registers its own as a scoped service:
/// <c>services.AddScoped&lt;ICommandSource, ModelCommands&gt;()</c>. It must return only what the person may see.
/// </summary>
public interface ICommandSource
{
    /// <summary>The heading above its results, "Models".</summary>
    string Name { get; }

    /// <summary>Its place among the sources; smaller comes first. Pages have 100.</summary>
    int Order => 50;

    /// <summary>The best few matches (at most eight are shown) for what was typed, which may be empty.</summary>
    Task<IReadOnlyList<CommandItem>> SearchAsync(string query, CancellationToken cancellationToken);
}

/// <summary>One result of the palette.</summary>
/// <param name="Title">Its name.</param>
/// <param name="Subtitle">What tells it from others of the same name.</param>
/// <param name="Icon">Its kind.</param>
/// <param name="Href">Where it leads.</param>
public sealed record CommandItem(string Title, string? Subtitle, IconName Icon, string Href);
