using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.Registry;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.ModelStore.Retention;

/// <summary>A rule as a form shows it.</summary>
/// <param name="Limits">What it says.</param>
/// <param name="IsOwn">Whether the model has a rule of its own; false where the default holds.</param>
/// <param name="ChangedByName">Who changed it last, or empty.</param>
/// <param name="ChangedAt">When, or null.</param>
internal sealed record RetentionView(RetentionLimits Limits, bool IsOwn, string ChangedByName, DateTimeOffset? ChangedAt);

/// <summary>What a rule would do to one model.</summary>
/// <param name="Model">Its name.</param>
/// <param name="Verdicts">One a version, newest first.</param>
public sealed record RetentionPreview(string Model, IReadOnlyList<RetentionVerdict> Verdicts)
{
    /// <summary>How many versions go.</summary>
    public int Going => Verdicts.Count(v => v.Goes);

    /// <summary>What they weigh, in bytes, before anything that other versions share.</summary>
    public long GoingBytes => Verdicts.Where(v => v.Goes).Sum(v => v.Version.SizeBytes);
}

/// <summary>Reads rules of retention and what they would do.</summary>
internal sealed class RetentionQueries(IDbContextFactory<RegistryDb> databases, TimeProvider time)
{
    private static readonly RolloutState[] Unfinished =
        [RolloutState.Draft, RolloutState.PendingApproval, RolloutState.Approved, RolloutState.Running, RolloutState.Paused];

    /// <summary>The rule that holds for a model, or the default one.</summary>
    /// <param name="modelId">The model, or null for the default rule.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<RetentionView> FindAsync(Guid? modelId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var id = modelId ?? RetentionRule.DefaultId;
        var rules = await db.RetentionRules.AsNoTracking().Where(r => r.Id == id || r.Id == RetentionRule.DefaultId).ToListAsync(cancellation);
        var rule = rules.Find(r => r.Id == id) ?? rules.Find(r => r.Id == RetentionRule.DefaultId);
        return rule is null ? new(RetentionLimits.Off, false, "", null) : new(rule.Limits, rule.Id == id, rule.ChangedByName, rule.ChangedAt);
    }

    /// <summary>What a rule would do to one model.</summary>
    public async Task<RetentionPreview> PreviewAsync(Guid modelId, RetentionLimits limits, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var name = await db.Models.Where(m => m.Id == modelId).Select(m => m.Name).SingleAsync(cancellation);
        return new(name, RetentionDecision.Decide(limits, await VersionsAsync(db, modelId, cancellation), time.GetUtcNow()));
    }

    /// <summary>What the default rule would do: the models without a rule of their own from which something goes, by name.</summary>
    public async Task<IReadOnlyList<RetentionPreview>> PreviewDefaultAsync(RetentionLimits limits, CancellationToken cancellation)
    {
        List<RetentionPreview> previews = [];
        foreach (var (id, _) in limits.IsEnabled ? await ModelsAsync(limits, cancellation) : [])
        {
            var preview = await PreviewAsync(id, limits, cancellation);
            if (preview.Going > 0)
            {
                previews.Add(preview);
            }
        }

        return [.. previews.OrderBy(p => p.Model, StringComparer.Ordinal)];
    }

    /// <summary>The models that a rule is on for, each with the rule.</summary>
    public async Task<IReadOnlyList<(Guid ModelId, RetentionLimits Limits)>> RuledAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var rules = await db.RetentionRules.AsNoTracking().ToDictionaryAsync(r => r.Id, r => r.Limits, cancellation);
        var ruled = rules.Where(r => r.Key != RetentionRule.DefaultId && r.Value.IsEnabled).Select(r => (r.Key, r.Value)).ToList();
        if (rules.GetValueOrDefault(RetentionRule.DefaultId) is { IsEnabled: true } all)
        {
            ruled.AddRange(await ModelsAsync(all, cancellation));
        }

        return ruled;
    }

    private async Task<List<(Guid ModelId, RetentionLimits Limits)>> ModelsAsync(RetentionLimits limits, CancellationToken cancellation)
    {
        // A model with no more versions than the rule keeps has nothing to lose, which spares reading most of them.
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var ids = await db.Models
            .Where(m => m.LatestVersion > limits.KeepLast && !db.RetentionRules.Any(r => r.Id == m.Id))
            .Select(m => m.Id)
            .ToListAsync(cancellation);
        return [.. ids.Select(id => (id, limits))];
    }

    private static async Task<List<RetainedVersion>> VersionsAsync(RegistryDb db, Guid modelId, CancellationToken cancellation)
    {
        var versions = db.Versions.Where(v => v.ModelId == modelId && v.State != VersionState.Deleted && v.State != VersionState.Purged);
        var rows = await versions.Select(v => new { v.Id, v.Number, v.CreatedAt, v.SizeBytes }).ToListAsync(cancellation);
        var aliases = (await db.Aliases.Where(a => a.ModelId == modelId).OrderBy(a => a.Name).Select(a => new { a.VersionId, a.Name }).ToListAsync(cancellation)).ToLookup(a => a.VersionId, a => a.Name);
        var serving = await (
            from endpoint in db.Endpoints
            join plan in db.Plans on endpoint.StablePlanId equals plan.Id
            join version in versions on plan.VersionId equals version.Id
            where endpoint.RetiredAt == null
            orderby endpoint.Name
            select new { plan.VersionId, Text = "serves on " + endpoint.Name }).ToListAsync(cancellation);
        var rolling = await (
            from rollout in db.Rollouts
            join plan in db.Plans on rollout.PlanId equals plan.Id
            join version in versions on plan.VersionId equals version.Id
            join endpoint in db.Endpoints on rollout.EndpointId equals endpoint.Id
            where Unfinished.Contains(rollout.State)
            orderby endpoint.Name, rollout.Number
            select new { plan.VersionId, Text = "in a rollout on " + endpoint.Name }).ToListAsync(cancellation);
        var uses = serving.Concat(rolling).ToLookup(u => u.VersionId, u => u.Text);
        return
        [
            .. rows.Select(r => new RetainedVersion
            {
                Id = r.Id,
                Number = r.Number,
                CreatedAt = r.CreatedAt,
                SizeBytes = r.SizeBytes,
                Aliases = [.. aliases[r.Id]],
                Uses = [.. uses[r.Id].Distinct(StringComparer.Ordinal)],
            }),
        ];
    }
}
