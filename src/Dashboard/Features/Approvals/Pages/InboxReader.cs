using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Rollouts.Pages;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Approvals.Pages;

/// <summary>Reads what a person needs to decide: the request, and what was looked at already.</summary>
internal sealed class InboxReader(IDbContextFactory<RegistryDb> databases, RolloutReader rollouts, PlanBuilder plans, TimeProvider time)
{
    /// <summary>Why a rollout does not wait for this person, or null when it does.</summary>
    public async Task<string?> RefuseAsync(Guid? personId, Rollout rollout, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var person = await db.Users.AsNoTracking().SingleOrDefaultAsync(p => p.Id == personId, cancellation);
        return DecisionRules.Refuse(rollout, person?.Id ?? Guid.Empty, person is { IsEnabled: true } ? person.Roles : Roles.None, time.GetUtcNow());
    }

    /// <summary>A request with its checks, or null when there is none of this key.</summary>
    public async Task<InboxCard?> CardAsync(Guid rolloutId, CancellationToken cancellation)
    {
        if (await rollouts.FindAsync(rolloutId, withEvents: false, cancellation) is not { } facts)
        {
            return null;
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        var check = await plans.CheckAsync(db, DraftOf(facts.Plan), cancellation);
        return new(facts,
        [
            facts.Damage is { } damage ? new(false, damage) : new(true, $"Plan and files are what was sealed ({Format.ShortHash(facts.Rollout.VersionDigest)})."),
            facts.Format == "onnx" ? new(true, "ONNX, read without running anything of it.") : new(false, $"The format {facts.Format} is not looked into."),
            check.Failures.Count == 0 && check.Warnings.Count == 0 ? new(true, $"Fits on {facts.Plan.Target} now.") : new(false, check.Failures.Count > 0 ? check.Failures[0].Message : check.Warnings[0]),
        ]);
    }

    private static DraftPlan DraftOf(PlanSpec plan) => new()
    {
        Endpoint = plan.Endpoint,
        TargetId = plan.TargetId,
        VersionId = plan.VersionId,
        Nodes = plan.Nodes,
        Replicas = plan.Replicas,
        CpuThreads = plan.Resources.CpuThreads,
        MemoryMiB = plan.Resources.MemoryMiB,
        Gpus = plan.Resources.Gpus,
        EnvironmentVariables = [.. plan.EnvironmentVariables.Select(v => new DraftVariable(v.Key, v.Value))],
        Strategy = plan.Strategy.Name,
        MaxSurge = plan.Strategy.MaxSurge,
        ProgressDeadlineSeconds = plan.Strategy.ProgressDeadlineSeconds,
        Kubernetes = plan.Kubernetes,
        RequiresToken = plan.RequiresToken,
    };
}
