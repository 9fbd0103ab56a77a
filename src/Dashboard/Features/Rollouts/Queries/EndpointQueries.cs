using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.Targets;
using Ops.Data;
using Ops.Data.Rollouts;
using Ops.Data.Targets;
using Endpoint = Ops.Data.Rollouts.Endpoint;

namespace Ops.Dashboard.Features.Rollouts.Queries;

/// <summary>Which endpoints a list shows; what is null does not narrow it.</summary>
internal sealed record EndpointFilter
{
    /// <summary>On targets of this environment.</summary>
    public TargetEnvironment? Environment { get; init; }

    /// <summary>A part of the name.</summary>
    public string? Text { get; init; }

    /// <summary>Also those that were stopped for good.</summary>
    public bool WithRetired { get; init; }
}

/// <summary>One line of a list of endpoints.</summary>
internal sealed record EndpointItem
{
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    public required string OwnerName { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset? RetiredAt { get; init; }

    public required Guid TargetId { get; init; }

    public required string Target { get; init; }

    public required string TargetKind { get; init; }

    public required TargetEnvironment Environment { get; init; }

    /// <summary>What ran well last, or null on an endpoint where nothing has yet.</summary>
    public required Plan? Stable { get; init; }

    /// <summary>The rollout that is at it now, or null.</summary>
    public required Rollout? Active { get; init; }

    /// <summary>How many requests wait for decisions.</summary>
    public required int Waiting { get; init; }

    /// <summary>The replicas that are seen now.</summary>
    public IReadOnlyList<ReplicaObservation> Replicas { get; init; } = [];

    /// <summary>Such as <c>digits 2</c>, or null.</summary>
    public string? Current => Stable is null ? null : $"{Stable.Spec.Model} {Stable.Spec.Version}";

    /// <summary>How many replicas the stable plan asks for.</summary>
    public int Wanted => RetiredAt is null ? Stable?.Spec.Replicas ?? 0 : 0;

    /// <summary>How many answer.</summary>
    public int Ready => Replicas.Count(r => r.Phase == ReplicaPhase.Ready);
}

/// <summary>One line of an endpoint's history of rollouts.</summary>
/// <param name="Item">The rollout.</param>
/// <param name="CanReturn">Whether its plan ran well here, is not the stable one, and so can be gone back to.</param>
internal sealed record EndpointHistoryItem(RolloutItem Item, bool CanReturn);

/// <summary>Reads endpoints for pages.</summary>
internal sealed class EndpointQueries(IDbContextFactory<RegistryDb> databases, ObservedEndpoints observed)
{
    /// <summary>The longest list.</summary>
    public const int MostItems = 500;

    /// <summary>Reads the list, by name.</summary>
    public async Task<IReadOnlyList<EndpointItem>> ListAsync(EndpointFilter filter, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var endpoints = db.Endpoints.Where(e => filter.WithRetired || e.RetiredAt == null);
        if (!string.IsNullOrWhiteSpace(filter.Text))
        {
            var text = filter.Text.Trim().ToLowerInvariant();
            endpoints = endpoints.Where(e => e.Name.Contains(text));
        }

        return await ReadAsync(db, endpoints, filter.Environment, cancellation);
    }

    /// <summary>Reads one by its name, also a retired one, or null.</summary>
    public async Task<EndpointItem?> FindAsync(string name, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return (await ReadAsync(db, db.Endpoints.Where(e => e.Name == name), null, cancellation)).SingleOrDefault();
    }

    /// <summary>Reads a part of the history of an endpoint's rollouts, the newest first.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="after"><see cref="KeysetPage{T}.Next"/> of the part before, or null for the first.</param>
    /// <param name="count">How many, at most 200.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<KeysetPage<EndpointHistoryItem>> HistoryAsync(Guid endpointId, Guid? after = null, int count = 50, CancellationToken cancellation = default)
    {
        count = Math.Clamp(count, 1, RolloutQueries.MostItems);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var endpoint = await db.Endpoints.AsNoTracking().SingleOrDefaultAsync(e => e.Id == endpointId, cancellation);
        if (endpoint is null)
        {
            return new([], null);
        }

        var rollouts = db.Rollouts.AsNoTracking().Where(r => r.EndpointId == endpointId && (after == null || r.Id < after));
        var found = await RolloutQueries.Items(db, rollouts).OrderByDescending(i => i.Id).Take(count + 1).ToListAsync(cancellation);
        var items = found.Take(count).Select(item => new EndpointHistoryItem(item, CanReturn(endpoint, item))).ToList();
        return new(items, found.Count > count ? found[count - 1].Id : null);
    }

    /// <summary>Reads the tokens of an endpoint, those that still work first.</summary>
    public async Task<IReadOnlyList<EndpointToken>> TokensAsync(Guid endpointId, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var tokens = await db.EndpointTokens.AsNoTracking().Where(t => t.EndpointId == endpointId).ToListAsync(cancellation);
        return [.. tokens.OrderBy(t => t.RevokedAt is not null).ThenByDescending(t => t.CreatedAt)];
    }

    private static bool CanReturn(Endpoint endpoint, RolloutItem item) =>
        endpoint.RetiredAt is null
        && item.State is RolloutState.Succeeded or RolloutState.RolledBack
        && (item.PlanId != endpoint.StablePlanId || endpoint.ActiveRolloutId is not null);

    private async Task<IReadOnlyList<EndpointItem>> ReadAsync(
        RegistryDb db, IQueryable<Endpoint> endpoints, TargetEnvironment? environment, CancellationToken cancellation)
    {
        var rows = await (
            from endpoint in endpoints.AsNoTracking()
            join target in db.Targets on endpoint.TargetId equals target.Id
            where environment == null || target.Environment == environment
            orderby endpoint.Name
            select new
            {
                endpoint,
                target,
                stable = db.Plans.FirstOrDefault(p => p.Id == endpoint.StablePlanId),
                active = db.Rollouts.FirstOrDefault(r => r.Id == endpoint.ActiveRolloutId),
                waiting = db.Rollouts.Count(r => r.EndpointId == endpoint.Id && r.State == RolloutState.PendingApproval),
            }).Take(MostItems).ToListAsync(cancellation);
        return
        [
            .. rows.Select(row => new EndpointItem
            {
                Id = row.endpoint.Id,
                Name = row.endpoint.Name,
                OwnerName = row.endpoint.OwnerName,
                CreatedAt = row.endpoint.CreatedAt,
                RetiredAt = row.endpoint.RetiredAt,
                TargetId = row.target.Id,
                Target = row.target.Name,
                TargetKind = row.target.Kind,
                Environment = row.target.Environment,
                Stable = row.stable,
                Active = row.active,
                Waiting = row.waiting,
                Replicas = observed.Find(row.endpoint.Id)?.Replicas ?? [],
            }),
        ];
    }
}
