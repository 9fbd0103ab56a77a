using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.Audit;

namespace Ops.Dashboard.Features.Audit;

/// <summary>One page of entries, newest first.</summary>
/// <param name="Entries">The entries.</param>
/// <param name="Newer">Whether there are newer ones.</param>
/// <param name="Older">Whether there are older ones.</param>
internal sealed record AuditPageOfEntries(IReadOnlyList<AuditEntry> Entries, bool Newer, bool Older);

/// <summary>Reads the audit. Keys are ordered by time, so the key is the place in the list.</summary>
internal sealed class AuditQueries(IDbContextFactory<RegistryDb> databases)
{
    /// <summary>Entries on a page.</summary>
    public const int PageSize = 50;

    private const int ExportBatch = 1000;

    /// <summary>Reads a page.</summary>
    /// <param name="filter">What to show.</param>
    /// <param name="after">Only entries older than this one: the next page.</param>
    /// <param name="before">Only entries newer than this one: the page before.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<AuditPageOfEntries> ReadAsync(AuditFilter filter, Guid? after, Guid? before, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var entries = filter.Apply(db.AuditEntries.AsNoTracking());
        if (before is { } newerThan)
        {
            var found = await entries.Where(entry => entry.Id > newerThan).OrderBy(entry => entry.Id).Take(PageSize + 1).ToListAsync(cancellation);
            return new([.. found.Take(PageSize).Reverse()], Newer: found.Count > PageSize, Older: true);
        }

        if (after is { } olderThan)
        {
            entries = entries.Where(entry => entry.Id < olderThan);
        }

        var page = await entries.OrderByDescending(entry => entry.Id).Take(PageSize + 1).ToListAsync(cancellation);
        return new([.. page.Take(PageSize)], Newer: after is not null, Older: page.Count > PageSize);
    }

    /// <summary>One entry, or null.</summary>
    public async Task<AuditEntry?> FindAsync(Guid id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.AuditEntries.AsNoTracking().SingleOrDefaultAsync(entry => entry.Id == id, cancellation);
    }

    /// <summary>The actions and subjects that occur, to choose from.</summary>
    public async Task<(IReadOnlyList<string> Actions, IReadOnlyList<string> Subjects)> WordsAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var actions = await db.AuditEntries.Select(entry => entry.Action).Distinct().OrderBy(action => action).Take(200).ToListAsync(cancellation);
        var subjects = await db.AuditEntries.Select(entry => entry.SubjectKind).Distinct().OrderBy(kind => kind).Take(50).ToListAsync(cancellation);
        return (actions, subjects);
    }

    /// <summary>Every entry that matches, newest first, read in batches so that a slow reader holds no transaction open.</summary>
    public async IAsyncEnumerable<AuditEntry> StreamAsync(AuditFilter filter, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        Guid? last = null;
        while (true)
        {
            await using var db = await databases.CreateDbContextAsync(cancellation);
            var entries = filter.Apply(db.AuditEntries.AsNoTracking());
            if (last is { } olderThan)
            {
                entries = entries.Where(entry => entry.Id < olderThan);
            }

            var batch = await entries.OrderByDescending(entry => entry.Id).Take(ExportBatch).ToListAsync(cancellation);
            foreach (var entry in batch)
            {
                yield return entry;
            }

            if (batch.Count < ExportBatch)
            {
                yield break;
            }

            last = batch[^1].Id;
        }
    }
}
