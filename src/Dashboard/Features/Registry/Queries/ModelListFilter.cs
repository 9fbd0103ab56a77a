using Microsoft.EntityFrameworkCore;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.Registry.Queries;

/// <summary>What the list of models is sorted by.</summary>
public enum ModelSort
{
    /// <summary>The name, in the order of its letters.</summary>
    Name,

    /// <summary>When the model or one of its versions last changed.</summary>
    Updated,

    /// <summary>The number of the latest version.</summary>
    Version,
}

/// <summary>Which models a list shows, and in which order. It stands in the address, so anything that cannot be read there means its default.</summary>
public sealed record ModelListFilter
{
    /// <summary>The value of <c>state</c> that shows archived models only.</summary>
    public const string ArchivedState = "archived";

    /// <summary>The value of <c>state</c> that shows all models.</summary>
    public const string AllState = "all";

    private const int MaxWords = 8;

    /// <summary>Words that each occur in the name, a tag or the owner's name.</summary>
    public IReadOnlyList<string> Words { get; private init; } = [];

    /// <summary>The format of the latest version, or null for any.</summary>
    public string? Format { get; private init; }

    /// <summary>Whether archived models are shown; null shows all.</summary>
    public bool? Archived { get; private init; } = false;

    /// <summary>What the list is sorted by.</summary>
    public ModelSort Sort { get; private init; }

    /// <summary>Whether the largest comes first.</summary>
    public bool Descending { get; private init; }

    /// <summary>Whether anything but the order differs from the plain list.</summary>
    public bool Narrows => Words.Count > 0 || Format is not null || Archived != false;

    /// <summary>Reads it from the parameters of an address.</summary>
    /// <param name="search">What was typed.</param>
    /// <param name="format">A format's name.</param>
    /// <param name="state"><see cref="ArchivedState"/>, <see cref="AllState"/>, or anything else for models in use.</param>
    /// <param name="sort"><c>name</c>, <c>updated</c> or <c>version</c>, with a minus before it for the largest first.</param>
    public static ModelListFilter Parse(string? search, string? format, string? state, string? sort)
    {
        var descending = sort?.StartsWith('-') == true;
        return new()
        {
            Words = [.. (search ?? "").ToLowerInvariant().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Take(MaxWords)],
            Format = string.IsNullOrWhiteSpace(format) ? null : format.Trim(),
            Archived = state switch { ArchivedState => true, AllState => null, _ => false },
            Sort = Enum.TryParse<ModelSort>(sort?.TrimStart('-'), ignoreCase: true, out var by) && Enum.IsDefined(by) ? by : ModelSort.Name,
            Descending = descending,
        };
    }

    /// <summary>The sort as it stands in the address.</summary>
    public static string Write(ModelSort sort, bool descending) => (descending ? "-" : "") + sort.ToString().ToLowerInvariant();

    /// <summary>Keeps what matches.</summary>
    internal IQueryable<Model> Apply(IQueryable<Model> models)
    {
        if (Archived is { } archived)
        {
            models = models.Where(m => (m.ArchivedAt != null) == archived);
        }

        if (Format is { } format)
        {
            models = models.Where(m => m.LatestFormat == format);
        }

        foreach (var word in Words)
        {
#pragma warning disable CA1862 // A comparison with StringComparison has no translation to SQL.
            models = models.Where(m => m.Name.Contains(word) || m.OwnerName.ToLower().Contains(word) || m.Tags.Any(t => t.ToLower().Contains(word)));
#pragma warning restore CA1862
        }

        return models;
    }
}
