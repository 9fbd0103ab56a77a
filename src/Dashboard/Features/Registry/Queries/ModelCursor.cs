using System.Globalization;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.Registry.Queries;

/// <summary>A place in the list of models: the values of the sorted column and of the key, which breaks ties. It stands in the address.</summary>
internal sealed record ModelCursor
{
    private ModelCursor()
    {
    }

    private string Name { get; init; } = "";

    private DateTimeOffset UpdatedAt { get; init; }

    private int Version { get; init; }

    private Guid Id { get; init; }

    /// <summary>The place of a row as text for the address.</summary>
    public static string Write(ModelSort sort, ModelRow row) => sort switch
    {
        ModelSort.Updated => $"{row.UpdatedAt.UtcTicks.ToString("x", CultureInfo.InvariantCulture)}_{row.Id:N}",
        ModelSort.Version => $"{row.LatestVersion.ToString(CultureInfo.InvariantCulture)}_{row.Id:N}",
        _ => row.Name,
    };

    /// <summary>Reads a place from the address, or null when it is none: then the list starts at its beginning.</summary>
    public static ModelCursor? Parse(ModelSort sort, string? text)
    {
        if (string.IsNullOrEmpty(text) || text.Length > 100)
        {
            return null;
        }

        if (sort == ModelSort.Name)
        {
            return new() { Name = text };
        }

        var parts = text.Split('_');
        if (parts.Length != 2 || !Guid.TryParseExact(parts[1], "N", out var id))
        {
            return null;
        }

        if (sort == ModelSort.Version)
        {
            return int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? new() { Version = version, Id = id } : null;
        }

        return long.TryParse(parts[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var ticks) && ticks >= 0 && ticks <= DateTimeOffset.MaxValue.UtcTicks
            ? new() { UpdatedAt = new(ticks, TimeSpan.Zero), Id = id }
            : null;
    }

    /// <summary>Sorts, largest first or last. Ties of the column are broken by the key in the same direction, so that going back is going on in the other one.</summary>
    public static IQueryable<Model> Order(IQueryable<Model> models, ModelSort sort, bool descending) => (sort, descending) switch
    {
        (ModelSort.Updated, false) => models.OrderBy(m => m.UpdatedAt).ThenBy(m => m.Id),
        (ModelSort.Updated, true) => models.OrderByDescending(m => m.UpdatedAt).ThenByDescending(m => m.Id),
        (ModelSort.Version, false) => models.OrderBy(m => m.LatestVersion).ThenBy(m => m.Id),
        (ModelSort.Version, true) => models.OrderByDescending(m => m.LatestVersion).ThenByDescending(m => m.Id),
        (_, false) => models.OrderBy(m => m.Name),
        (_, true) => models.OrderByDescending(m => m.Name),
    };

    /// <summary>Keeps what comes after this place in the given direction.</summary>
    /// <remarks>The redundant comparison with "or equal" is the one an index can serve.</remarks>
    public IQueryable<Model> Beyond(IQueryable<Model> models, ModelSort sort, bool descending) => (sort, descending) switch
    {
        (ModelSort.Updated, false) => models.Where(m => m.UpdatedAt >= UpdatedAt && (m.UpdatedAt > UpdatedAt || m.Id > Id)),
        (ModelSort.Updated, true) => models.Where(m => m.UpdatedAt <= UpdatedAt && (m.UpdatedAt < UpdatedAt || m.Id < Id)),
        (ModelSort.Version, false) => models.Where(m => m.LatestVersion >= Version && (m.LatestVersion > Version || m.Id > Id)),
        (ModelSort.Version, true) => models.Where(m => m.LatestVersion <= Version && (m.LatestVersion < Version || m.Id < Id)),
        (_, false) => models.Where(m => string.Compare(m.Name, Name) > 0),
        (_, true) => models.Where(m => string.Compare(m.Name, Name) < 0),
    };
}
