using Microsoft.EntityFrameworkCore;
using Ops.Data;

namespace Ops.Dashboard.Features.Registry.Queries;

/// <summary>Reads models for pages: one context a call, nothing tracked, only the columns that are shown.</summary>
internal sealed class ModelQueries(IDbContextFactory<RegistryDb> databases)
{
    /// <summary>Models on a page.</summary>
    public const int PageSize = 50;

    /// <summary>Reads one page of the list.</summary>
    /// <param name="filter">Which models in which order.</param>
    /// <param name="after">Where the page before ended: reads on from there.</param>
    /// <param name="before">Where the next page begins: reads back from there. Wins over <paramref name="after"/>.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The page. From a place beyond the end, such as an old link's, the first page.</returns>
    public async Task<ModelRows> ListAsync(ModelListFilter filter, string? after, string? before, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var back = ModelCursor.Parse(filter.Sort, before);
        var place = back ?? ModelCursor.Parse(filter.Sort, after);
        var found = await ReadAsync(db, filter, place, backwards: back is not null, cancellation);
        if (found.Count == 0 && place is not null)
        {
            (back, place) = (null, null);
            found = await ReadAsync(db, filter, null, backwards: false, cancellation);
        }

        var more = found.Count > PageSize;
        var rows = found.Take(PageSize).ToList();
        if (back is not null)
        {
            rows.Reverse();
        }

        var hasBefore = back is null ? place is not null : more;
        var hasAfter = back is not null || more;
        return new(
            await CompleteAsync(db, rows, cancellation),
            hasBefore ? ModelCursor.Write(filter.Sort, rows[0]) : null,
            hasAfter ? ModelCursor.Write(filter.Sort, rows[^1]) : null);
    }

    /// <summary>Whether there is any model at all, archived ones included.</summary>
    public async Task<bool> AnyAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Models.AnyAsync(cancellation);
    }

    /// <summary>The few models in use that match, those changed last first, for the palette.</summary>
    public async Task<IReadOnlyList<ModelRow>> FindAsync(string search, int most, CancellationToken cancellation = default)
    {
        var filter = ModelListFilter.Parse(search, null, null, ModelListFilter.Write(ModelSort.Updated, descending: true));
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var models = ModelCursor.Order(filter.Apply(db.Models.AsNoTracking()), filter.Sort, filter.Descending);
        return await models.Take(most).Select(m => new ModelRow(m.Id, m.Name, m.OwnerName, m.LatestVersion, m.UpdatedAt, false)).ToListAsync(cancellation);
    }

    /// <summary>One model, or null when there is none of that name.</summary>
    public async Task<ModelDetail?> FindAsync(string name, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var model = await db.Models.AsNoTracking().Where(m => m.Name == name).Select(m => new ModelDetail
        {
            Id = m.Id,
            Name = m.Name,
            Description = m.Description,
            Tags = m.Tags,
            OwnerName = m.OwnerName,
            CreatedAt = m.CreatedAt,
            UpdatedAt = m.UpdatedAt,
            ArchivedAt = m.ArchivedAt,
            LatestVersion = m.LatestVersion,
        }).SingleOrDefaultAsync(cancellation);
        return model is null ? null : model with
        {
            Aliases = await AliasesAsync(db, [model.Id], cancellation),
            Runs = await WhereItRuns.ReadAsync(db, [model.Id], cancellation),
        };
    }

    /// <summary>The aliases of some models by name.</summary>
    internal static async Task<IReadOnlyList<AliasView>> AliasesAsync(RegistryDb db, Guid[] modelIds, CancellationToken cancellation) =>
        await db.Aliases.AsNoTracking()
            .Where(a => modelIds.Contains(a.ModelId))
            .Join(db.Versions, a => a.VersionId, v => v.Id, (a, v) => new { Alias = a, v.Number })
            .OrderBy(a => a.Alias.Name)
            .Select(a => new AliasView(a.Alias.ModelId, a.Alias.Name, a.Number, a.Alias.MovedAt, a.Alias.MovedByName))
            .ToListAsync(cancellation);

    private static async Task<List<ModelRow>> ReadAsync(RegistryDb db, ModelListFilter filter, ModelCursor? place, bool backwards, CancellationToken cancellation)
    {
        var descending = filter.Descending != backwards;
        var models = filter.Apply(db.Models.AsNoTracking());
        if (place is not null)
        {
            models = place.Beyond(models, filter.Sort, descending);
        }

        return await ModelCursor.Order(models, filter.Sort, descending)
            .Take(PageSize + 1)
            .Select(m => new ModelRow(m.Id, m.Name, m.OwnerName, m.LatestVersion, m.UpdatedAt, m.ArchivedAt != null) { Tags = m.Tags, Format = m.LatestFormat })
            .ToListAsync(cancellation);
    }

    private static async Task<IReadOnlyList<ModelRow>> CompleteAsync(RegistryDb db, List<ModelRow> rows, CancellationToken cancellation)
    {
        if (rows.Count == 0)
        {
            return rows;
        }

        Guid[] ids = [.. rows.Select(r => r.Id)];
        var sizes = await (
            from model in db.Models.AsNoTracking()
            join version in db.Versions on new { ModelId = model.Id, Number = model.LatestVersion } equals new { version.ModelId, version.Number }
            where ids.Contains(model.Id)
            select new { model.Id, version.SizeBytes }).ToDictionaryAsync(v => v.Id, v => (long?)v.SizeBytes, cancellation);
        var aliases = (await AliasesAsync(db, ids, cancellation)).ToLookup(a => a.ModelId);
        var runs = (await WhereItRuns.ReadAsync(db, ids, cancellation)).ToLookup(r => r.ModelId);
        return [.. rows.Select(row => row with
        {
            SizeBytes = sizes.GetValueOrDefault(row.Id),
            Aliases = [.. aliases[row.Id]],
            Runs = [.. runs[row.Id]],
        })];
    }
}
