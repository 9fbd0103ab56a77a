using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.Approvals;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Rollouts.Queries;

/// <summary>Which rollouts a list shows; what is null does not narrow it.</summary>
internal sealed record RolloutFilter
{
    /// <summary>In one of these states; empty means all.</summary>
    public IReadOnlyCollection<RolloutState> States { get; init; } = [];

    /// <summary>On this endpoint.</summary>
    public Guid? EndpointId { get; init; }

    /// <summary>On targets of this environment.</summary>
    public TargetEnvironment? Environment { get; init; }

    /// <summary>Asked for by this person.</summary>
    public Guid? RequestedById { get; init; }

    /// <summary>A part of the endpoint's name.</summary>
    public string? Text { get; init; }
}

/// <summary>One line of a list of rollouts.</summary>
internal sealed record RolloutItem
{
    public required Guid Id { get; init; }

    public required int Number { get; init; }

    public required Guid EndpointId { get; init; }

    public required string Endpoint { get; init; }

    public required TargetEnvironment Environment { get; init; }

    public required string Target { get; init; }

    public required RolloutKind Kind { get; init; }

    public required RolloutState State { get; init; }

    public required string Status { get; init; }

    public required Guid PlanId { get; init; }

    public required string Model { get; init; }

    public required int Version { get; init; }

    public required string RequestedByName { get; init; }

    public required string Reason { get; init; }

    public required DateTimeOffset RequestedAt { get; init; }

    public required DateTimeOffset? StartedAt { get; init; }

    public required DateTimeOffset? FinishedAt { get; init; }

    public required DateTimeOffset? ExpiresAt { get; init; }

    public required int Approvals { get; init; }

    public required int RequiredApprovals { get; init; }
}

/// <summary>A part of a list, and where the next part begins.</summary>
/// <param name="Items">The newest first.</param>
/// <param name="Next">The key to ask on with, or null at the end.</param>
internal sealed record KeysetPage<T>(IReadOnlyList<T> Items, Guid? Next);

/// <summary>Reads lists of rollouts for pages.</summary>
internal sealed class RolloutQueries(IDbContextFactory<RegistryDb> databases)
{
    /// <summary>The longest part of a list.</summary>
    public const int MostItems = 200;

    /// <summary>Reads a part of the list, the newest first.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="after"><see cref="KeysetPage{T}.Next"/> of the part before, or null for the first.</param>
    /// <param name="count">How many, at most <see cref="MostItems"/>.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<KeysetPage<RolloutItem>> ListAsync(RolloutFilter filter, Guid? after = null, int count = 50, CancellationToken cancellation = default)
    {
        count = Math.Clamp(count, 1, MostItems);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var rollouts = db.Rollouts.AsNoTracking();
        if (filter.States.Count > 0)
        {
            var states = filter.States.ToList();
            rollouts = rollouts.Where(r => states.Contains(r.State));
        }

        if (filter.EndpointId is { } endpointId)
        {
            rollouts = rollouts.Where(r => r.EndpointId == endpointId);
        }

        if (filter.RequestedById is { } personId)
        {
            rollouts = rollouts.Where(r => r.RequestedById == personId);
        }

        if (after is { } last)
        {
            // Keys begin with the moment of the request, so they sort by time.
            rollouts = rollouts.Where(r => r.Id < last);
        }

        var items = Items(db, rollouts);
        if (filter.Environment is { } environment)
        {
            items = items.Where(i => i.Environment == environment);
        }

        if (!string.IsNullOrWhiteSpace(filter.Text))
        {
            var text = filter.Text.Trim().ToLowerInvariant();
            items = items.Where(i => i.Endpoint.Contains(text));
        }

        var found = await items.OrderByDescending(i => i.Id).Take(count + 1).ToListAsync(cancellation);
        return new([.. found.Take(count)], found.Count > count ? found[count - 1].Id : null);
    }

    internal static IQueryable<RolloutItem> Items(RegistryDb db, IQueryable<Rollout> rollouts) =>
        from rollout in rollouts
        join endpoint in db.Endpoints on rollout.EndpointId equals endpoint.Id
        join target in db.Targets on endpoint.TargetId equals target.Id
        join plan in db.Plans on rollout.PlanId equals plan.Id
        join version in db.Versions on plan.VersionId equals version.Id
        join model in db.Models on version.ModelId equals model.Id
        select new RolloutItem
        {
            Id = rollout.Id,
            Number = rollout.Number,
            EndpointId = endpoint.Id,
            Endpoint = endpoint.Name,
            Environment = target.Environment,
            Target = target.Name,
            Kind = rollout.UndoesRolloutId == null ? RolloutKind.Deploy : RolloutKind.Rollback,
            State = rollout.State,
            Status = rollout.Status,
            PlanId = plan.Id,
            Model = model.Name,
            Version = version.Number,
            RequestedByName = rollout.RequestedByName,
            Reason = rollout.Reason,
            RequestedAt = rollout.RequestedAt,
            StartedAt = rollout.StartedAt,
            FinishedAt = rollout.FinishedAt,
            ExpiresAt = rollout.ExpiresAt,
            Approvals = rollout.Decisions.Count(d => d.Verdict == Verdict.Approve),
            RequiredApprovals = rollout.RequiredApprovals,
        };
}
