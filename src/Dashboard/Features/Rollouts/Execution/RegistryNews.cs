using Microsoft.EntityFrameworkCore;
using Ops.Data;

namespace Ops.Dashboard.Features.Rollouts.Execution;

/// <summary>An endpoint of whose history there are new lines, and whether a person has done something among them.</summary>
internal sealed record EndpointNews(Guid EndpointId, bool IsByPerson);

/// <summary>
/// Finds what other dashboards over the same registry have done, by the newest lines of the history: somebody who rolls back at a dashboard that
/// does not act must not wait until the acting one comes by, and pages there must not wait for the next round of theirs.
/// </summary>
internal sealed class RegistryNews(IDbContextFactory<RegistryDb> databases)
{
    /// <summary>How often it is worth a look: by the primary key it takes a fraction of a millisecond.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    // Lines of several dashboards are numbered by clocks that differ a little, so the last one that is known says little. More in one round are for
    // the next regular look.
    private const int Newest = 200;
    private HashSet<Guid>? known;

    /// <summary>Endpoints with lines that were not there the last time; none the first time.</summary>
    public async Task<IReadOnlyList<EndpointNews>> ReadAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var lines = await db.RolloutEvents.OrderByDescending(e => e.Id).Take(Newest).Select(e => new { e.Id, e.EndpointId, e.PersonName }).ToListAsync(cancellation);
        var before = known;
        known = [.. lines.Select(l => l.Id)];
        return before is null
            ? []
            : [.. lines.Where(l => !before.Contains(l.Id)).GroupBy(l => l.EndpointId).Select(g => new EndpointNews(g.Key, g.Any(l => l.PersonName is not null)))];
    }
}
