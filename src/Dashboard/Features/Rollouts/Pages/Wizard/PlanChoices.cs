using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Dashboard.Features.Targets;
using Ops.Data;
using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Rollouts.Pages.Wizard;

/// <summary>What the wizard offers, and what it says about a draft.</summary>
internal sealed class PlanChoices(IDbContextFactory<RegistryDb> databases, TargetDrivers drivers, PlanBuilder plans)
{
    private const int MostVersions = 30;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The newest ready versions whose model's name contains the words.</summary>
    public async Task<IReadOnlyList<VersionChoice>> VersionsAsync(string? search, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var words = search?.Trim().ToLowerInvariant() ?? "";
        return await ReadAsync(db, db.Versions.Where(v => v.State == VersionState.Ready), words, cancellation);
    }

    /// <summary>One version, in whatever state, or null.</summary>
    public async Task<VersionChoice?> VersionAsync(Guid id, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return (await ReadAsync(db, db.Versions.Where(v => v.Id == id), "", cancellation)).SingleOrDefault();
    }

    /// <summary>All endpoints that are not retired.</summary>
    public async Task<IReadOnlyList<EndpointChoice>> EndpointsAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var endpoints = await db.Endpoints.AsNoTracking().Where(e => e.RetiredAt == null).OrderBy(e => e.Name).ToListAsync(cancellation);
        var stable = endpoints.Select(e => e.StablePlanId).OfType<Guid>().ToList();
        var running = await db.Plans.AsNoTracking().Where(p => stable.Contains(p.Id)).ToDictionaryAsync(p => p.Id, cancellation);
        return [.. endpoints.Select(e => new EndpointChoice(e.Name, e.TargetId, e.StablePlanId is { } id && running.TryGetValue(id, out var plan) ? RolloutDetail.NameOf(plan.Spec) : null))];
    }

    /// <summary>The plan that runs on an endpoint, to begin from.</summary>
    public async Task<PlanSpec?> RunningAsync(string endpoint, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var plan = await (
            from e in db.Endpoints.AsNoTracking()
            join p in db.Plans on e.StablePlanId equals p.Id
            where e.Name == endpoint
            select p).SingleOrDefaultAsync(cancellation);
        return plan?.Spec;
    }

    /// <summary>All targets with what their drivers see.</summary>
    public async Task<IReadOnlyList<TargetChoice>> TargetsAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var targets = await db.Targets.AsNoTracking().Where(t => t.RetiredAt == null).OrderBy(t => t.Name).ToListAsync(cancellation);
        return await Task.WhenAll(targets.Select(target => ChoiceAsync(target, cancellation)));
    }

    /// <summary>Checks a draft as the command will, and says how many must agree to it.</summary>
    public async Task<PlanReview> ReviewAsync(DraftPlan draft, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var check = await plans.CheckAsync(db, draft, cancellation);
        if (check.Target is null)
        {
            return new(check, 0, "");
        }

        var demand = RolloutOpening.Demand(await RolloutOpening.PolicyAsync(db, check.Target.Environment, cancellation));
        return new(check, demand.Required, demand.Role.ToString());
    }

    // A cluster that does not answer is offered with what is in its way; the others do not wait for it longer than that.
    private async Task<TargetChoice> ChoiceAsync(Target target, CancellationToken cancellation)
    {
        TargetInventory inventory;
        try
        {
            inventory = drivers.Find(target) is { } driver
                ? await driver.GetInventoryAsync(target, cancellation).WaitAsync(Patience, cancellation)
                : new([], DateTimeOffset.UnixEpoch, $"Nothing here can drive a target of the kind '{target.Kind}'.");
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            inventory = new([], DateTimeOffset.UnixEpoch, exception is TimeoutException ? $"It did not answer within {Patience.TotalSeconds:0} s." : exception.Message);
        }

        return new(target.Id, target.Name, target.Kind, target.Environment, inventory);
    }

    private static async Task<IReadOnlyList<VersionChoice>> ReadAsync(RegistryDb db, IQueryable<ModelVersion> versions, string words, CancellationToken cancellation)
    {
        var found = await (
            from version in versions.AsNoTracking()
            join model in db.Models on version.ModelId equals model.Id
            where model.ArchivedAt == null && (words == "" || model.Name.Contains(words))
            orderby version.CreatedAt descending, version.Id descending
            select new { version.Id, Model = model.Name, version.Number, version.Format, version.SizeBytes, version.CreatedAt, version.UploadedByName })
            .Take(MostVersions)
            .ToListAsync(cancellation);
        var ids = found.Select(f => f.Id).ToList();
        var aliases = (await db.Aliases.AsNoTracking().Where(a => ids.Contains(a.VersionId)).ToListAsync(cancellation)).ToLookup(a => a.VersionId, a => a.Name);
        return [.. found.Select(f => new VersionChoice(f.Id, f.Model, f.Number, f.Format, f.SizeBytes, f.CreatedAt, f.UploadedByName, [.. aliases[f.Id]]))];
    }
}
