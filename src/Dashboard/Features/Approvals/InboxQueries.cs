using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.Rollouts.Queries;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Approvals;

/// <summary>What concerns one person.</summary>
/// <param name="WaitsForMe">What this person can decide on now, the most urgent first.</param>
/// <param name="Mine">What this person asked for: what is not over, and what ended within the last 14 days, the newest first.</param>
internal sealed record Inbox(IReadOnlyList<RolloutItem> WaitsForMe, IReadOnlyList<RolloutItem> Mine);

/// <summary>Reads what waits for whom.</summary>
internal sealed class InboxQueries(IDbContextFactory<RegistryDb> databases, TimeProvider time)
{
    private const int MostMine = 100;
    private static readonly TimeSpan MineLasts = TimeSpan.FromDays(14);

    /// <summary>Reads the inbox of a person by the roles that person holds now.</summary>
    public async Task<Inbox> ReadAsync(Guid personId, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var waiting = await WaitingAsync(db, personId, cancellation);
        var forMe = await RolloutQueries.Items(db, db.Rollouts.AsNoTracking().Where(r => waiting.Contains(r.Id))).ToListAsync(cancellation);
        var since = time.GetUtcNow() - MineLasts;
        var mine = db.Rollouts.AsNoTracking().Where(r => r.RequestedById == personId && (r.FinishedAt == null || r.FinishedAt > since));
        return new(
            [.. forMe.OrderBy(i => i.ExpiresAt).ThenBy(i => i.Id)],
            await RolloutQueries.Items(db, mine).OrderByDescending(i => i.Id).Take(MostMine).ToListAsync(cancellation));
    }

    /// <summary>Counts what waits for a person.</summary>
    public async Task<int> CountAsync(Guid personId, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return (await WaitingAsync(db, personId, cancellation)).Count;
    }

    private async Task<List<Guid>> WaitingAsync(RegistryDb db, Guid personId, CancellationToken cancellation)
    {
        var person = await db.Users.AsNoTracking().SingleOrDefaultAsync(p => p.Id == personId, cancellation);
        if (person is not { IsEnabled: true } || person.Roles == Roles.Viewer)
        {
            return [];
        }

        // Few wait at a time, so the rules are asked here, where they are written once.
        var pending = await db.Rollouts.AsNoTracking().Include(r => r.Decisions).Where(r => r.State == RolloutState.PendingApproval).ToListAsync(cancellation);
        return [.. pending.Where(r => DecisionRules.Refuse(r, personId, person.Roles, time.GetUtcNow()) is null).Select(r => r.Id)];
    }
}
