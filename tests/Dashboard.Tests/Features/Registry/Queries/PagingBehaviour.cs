using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.Registry.Queries;
using Ops.Data;

namespace Ops.Dashboard.Tests.Features.Registry.Queries;

/// <summary>How the list of models pages, whatever the database.</summary>
internal static class PagingBehaviour
{
    /// <summary>Walks the whole list forth and back and compares with what the registry holds.</summary>
    public static async Task WalkAsync(IDbContextFactory<RegistryDb> databases, string sort, string? search, CancellationToken cancellation)
    {
        var models = new ModelQueries(databases);
        var filter = ModelListFilter.Parse(search, null, ModelListFilter.AllState, sort);
        List<List<Guid>> pages = [];
        string? after = null;
        string? before;
        do
        {
            var page = await models.ListAsync(filter, after, null, cancellation);
            Assert.True(page.Before is null == (pages.Count == 0), "Only the first page has nothing before it.");
            pages.Add([.. page.Rows.Select(r => r.Id)]);
            (after, before) = (page.After, page.Before);
        }
        while (after is not null);

        var all = pages.SelectMany(p => p).ToList();
        Assert.Equal(all.Count, all.Distinct().Count());
        Assert.Equal(await ExpectedAsync(databases, filter, cancellation), all);

        for (var index = pages.Count - 2; index >= 0; index--)
        {
            var page = await models.ListAsync(filter, null, before, cancellation);
            Assert.Equal(pages[index], page.Rows.Select(r => r.Id));
            Assert.NotNull(page.After);
            before = page.Before;
        }

        Assert.Null(before);
    }

    // Sorted here, by other means than the query's.
    private static async Task<List<Guid>> ExpectedAsync(IDbContextFactory<RegistryDb> databases, ModelListFilter filter, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var rows = (await db.Models.AsNoTracking().ToListAsync(cancellation))
            .Where(m => filter.Words.All(w =>
                m.Name.Contains(w, StringComparison.OrdinalIgnoreCase) || m.OwnerName.Contains(w, StringComparison.OrdinalIgnoreCase) || m.Tags.Any(t => t.Contains(w, StringComparison.OrdinalIgnoreCase))));
        var sorted = filter.Sort switch
        {
            ModelSort.Updated => rows.OrderBy(m => m.UpdatedAt).ThenBy(m => m.Id.ToString(), StringComparer.Ordinal),
            ModelSort.Version => rows.OrderBy(m => m.LatestVersion).ThenBy(m => m.Id.ToString(), StringComparer.Ordinal),
            _ => rows.OrderBy(m => m.Name, StringComparer.Ordinal),
        };
        var ids = sorted.Select(m => m.Id).ToList();
        if (filter.Descending)
        {
            ids.Reverse();
        }

        return ids;
    }
}
