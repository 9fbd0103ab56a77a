using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.Monitoring.Charts;
using Ops.Dashboard.Features.Registry.Onnx;
using Ops.Dashboard.Features.Rollouts.Queries;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Monitoring.Pages;

/// <summary>A sealed plan and what is known of the version it serves.</summary>
/// <param name="Spec">The plan.</param>
/// <param name="Model">The signature, or null when the version is no ONNX model or nothing was read of it.</param>
internal sealed record ServedPlan(PlanSpec Spec, OnnxModelInfo? Model);

/// <summary>What the endpoint page reads of the registry beside <see cref="EndpointQueries"/>.</summary>
internal sealed class EndpointPages(IDbContextFactory<RegistryDb> databases, EndpointQueries endpoints)
{
    /// <summary>How many rollouts a history shows at most.</summary>
    public const int MostHistory = 200;

    /// <summary>The newest rollouts, newest first.</summary>
    public async Task<IReadOnlyList<EndpointHistoryItem>> HistoryAsync(Guid endpointId, CancellationToken cancellation) =>
        (await endpoints.HistoryAsync(endpointId, count: MostHistory, cancellation: cancellation)).Items;

    /// <summary>When rollouts that ran since a moment began and ended.</summary>
    public async Task<IReadOnlyList<RolloutSpan>> SpansAsync(Guid endpointId, DateTimeOffset since, CancellationToken cancellation) =>
    [
        .. (await HistoryAsync(endpointId, cancellation)).Select(h => h.Item)
            .Where(r => r.StartedAt is not null && (r.FinishedAt is null || r.FinishedAt >= since))
            .Select(r => new RolloutSpan(r.Number, $"{r.Model} {r.Version}", r.State, r.StartedAt, r.FinishedAt)),
    ];

    /// <summary>A sealed plan with the signature of its version, or null when there is none that this program can read.</summary>
    public async Task<ServedPlan?> PlanAsync(Guid planId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var plan = await db.Plans.AsNoTracking().SingleOrDefaultAsync(p => p.Id == planId, cancellation);
        if (plan is null || SpecOf(plan) is not { } spec)
        {
            return null;
        }

        var version = await db.Versions.AsNoTracking().Where(v => v.Id == plan.VersionId).Select(v => new { v.Format, v.MetadataJson }).SingleOrDefaultAsync(cancellation);
        return new(spec, version is null ? null : OnnxMetadata.Read(version.Format, version.MetadataJson));
    }

    private static PlanSpec? SpecOf(Plan plan)
    {
        try
        {
            return plan.Spec;
        }
        catch (JsonException)
        {
            // Written by another version of this program; the page is shown without it.
            return null;
        }
    }
}
