using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Gates;
using Ops.Dashboard.Features.Rollouts.Strategies;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Features.Targets;
using Ops.Data;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Rollouts.Execution;

/// <summary>
/// Looks at one endpoint and does what is next, once. It keeps nothing that matters between two looks: what is wanted stands in the registry and
/// what is there the target shows, so a process killed at any line is taken up by the next look, in this process or another. A process that
/// does not hold the lease looks too, but only to know where requests go.
/// </summary>
internal sealed class EndpointReconciler(
    IDbContextFactory<RegistryDb> databases,
    TargetDrivers drivers,
    StrategyRegistry strategies,
    RouteTable routes,
    LeaderLease lease,
    RolloutOutcomes outcomes,
    RolloutFeed feed,
    ProgressWatch watch,
    GateWatch gates,
    TimeProvider time,
    IOptions<RolloutsOptions> options,
    ILogger<EndpointReconciler> log)
{
    private static readonly TimeSpan WhileMoving = TimeSpan.FromSeconds(1);

    /// <summary>Looks once.</summary>
    /// <returns>When to look again though nothing happens, or null for the usual round.</returns>
    /// <exception cref="DbUpdateConcurrencyException">Somebody changed the endpoint or rollout meanwhile: look again at once.</exception>
    public async Task<TimeSpan?> ReconcileAsync(Guid endpointId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var endpoint = await db.Endpoints.SingleOrDefaultAsync(e => e.Id == endpointId, cancellation);
        if (endpoint is null)
        {
            feed.Remove(endpointId);
            return null;
        }

        var target = await db.Targets.SingleAsync(t => t.Id == endpoint.TargetId, cancellation);
        var driver = drivers.Find(target) ?? throw new InvalidOperationException($"Nothing here can drive a target of the kind '{target.Kind}'.");
        var reference = new EndpointRef(endpoint.Id, endpoint.Name, endpoint.TargetId) { Accepted = endpoint.Accepted, Open = endpoint.Open, PutsBack = endpoint.PutBackAsk is not null };
        var rollout = endpoint.ActiveRolloutId is { } activeId ? await db.Rollouts.SingleAsync(r => r.Id == activeId, cancellation) : null;
        var observation = await WithinTimeAsync(token => driver.ObserveAsync(reference, token), cancellation);
        var picture = await EndpointPicture.ReadAsync(db, endpoint, target, rollout, observation, cancellation);
        if (rollout is null)
        {
            gates.Forget(endpointId);
        }

        return endpoint.RetiredAt is not null
            ? await RetireAsync(picture, driver, reference, cancellation)
            : rollout is null
                ? await KeepAsync(picture, driver, reference, cancellation)
                : await AdvanceAsync(picture, rollout, driver, reference, cancellation);
    }

    /// <summary>Says in the active rollout that something is in the way, and lets its deadline wait meanwhile.</summary>
    public async Task NoteTroubleAsync(Guid endpointId, Exception trouble, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var rollout = await db.Rollouts.SingleOrDefaultAsync(r => db.Endpoints.Any(e => e.Id == endpointId && e.ActiveRolloutId == r.Id), cancellation);
        if (rollout is null)
        {
            return;
        }

        watch.Hold(rollout.Id);
        if (lease.IsHeld)
        {
            await outcomes.ReportAsync(db, rollout, $"The controller cannot go on and keeps trying: {trouble.Message}", false, RolloutEventKinds.Trouble, RolloutEventLevel.Warning, cancellation);
        }

        // Pages keep what was seen last, and must not go on saying that all is well.
        var name = await db.Endpoints.Where(e => e.Id == endpointId).Select(e => e.Name).SingleAsync(cancellation);
        var seen = feed.Snapshot().FirstOrDefault(a => a.EndpointId == endpointId) ?? new() { EndpointId = endpointId, Name = name };
        await PublishAsync(db, seen with { RolloutId = rollout.Id, RolloutNumber = rollout.Number, State = rollout.State, Status = rollout.Status }, cancellation);
    }

    private async Task<TimeSpan?> RetireAsync(EndpointPicture picture, ITargetDriver driver, EndpointRef reference, CancellationToken cancellation)
    {
        routes.Remove(reference.Name);
        if (picture.Observation.Replicas.Count > 0)
        {
            await ApplyAsync(picture, driver, reference, [], cancellation);
        }

        await PublishAsync(picture, null, "", cancellation);
        return picture.Observation.Replicas.Count > 0 ? WhileMoving : null;
    }

    /// <summary>Without a rollout: what ran well last runs, nothing else, also after a rollout that ended badly.</summary>
    private async Task<TimeSpan?> KeepAsync(EndpointPicture picture, ITargetDriver driver, EndpointRef reference, CancellationToken cancellation)
    {
        if (picture.Endpoint.StablePlanId is null)
        {
            routes.Publish(new(reference.Id, reference.Name, true, new HashSet<Guid>()));
            if (picture.Observation.Replicas.Count > 0)
            {
                await ApplyAsync(picture, driver, reference, [], cancellation);
            }

            await PublishAsync(picture, null, "Nothing runs here yet.", cancellation);
            return picture.Observation.Replicas.Count > 0 ? WhileMoving : null;
        }

        if (await picture.RefuseWantedAsync(cancellation) is { } damage)
        {
            // What runs was approved and goes on; nothing is started by a plan that cannot be trusted.
            routes.Publish(new(reference.Id, reference.Name, true, new HashSet<Guid> { picture.Endpoint.StablePlanId.Value }));
            await NoteDamageAsync(picture, damage, cancellation);
            await PublishAsync(picture, null, damage, cancellation);
            return null;
        }

        var wanted = picture.Wanted!;
        var step = strategies.Find(picture.StrategyName(wanted))!.Next(picture.Input(wanted));
        await TakeStepAsync(picture, step, wanted, driver, reference, cancellation);
        if (lease.IsHeld && picture.MayReleaseScale)
        {
            picture.Endpoint.ReleaseScale();
            await picture.Db.SaveChangesAsync(cancellation);
            return TimeSpan.Zero;
        }

        await PublishAsync(picture, wanted, step.IsDone ? "" : step.Status, cancellation);
        return step.IsDone ? null : WhileMoving;
    }

    private async Task<TimeSpan?> AdvanceAsync(EndpointPicture picture, Rollout rollout, ITargetDriver driver, EndpointRef reference, CancellationToken cancellation)
    {
        var damage = await picture.RefuseWantedAsync(cancellation) ?? await OutdatedAsync(picture, rollout, cancellation);
        var strategy = damage is null ? strategies.Find(picture.StrategyName(picture.Wanted!)) : null;
        if (strategy is null)
        {
            if (!lease.IsHeld)
            {
                return null;
            }

            await outcomes.FailAsync(picture, rollout, damage ?? "The plan names a strategy that does not exist.", cancellation);
            return TimeSpan.Zero;
        }

        var wanted = picture.Wanted!;
        if (rollout.State == RolloutState.Approved && lease.IsHeld)
        {
            await outcomes.StartAsync(picture, rollout, cancellation);
        }

        var input = picture.Input(wanted, gates);
        var step = strategy.Next(input);
        if (rollout.State == RolloutState.Approved)
        {
            // Not begun, and not ours to begin: what ran before goes on.
            step = step with { Serving = input.Replicas.Select(r => r.PlanId).ToHashSet() };
        }

        await TakeStepAsync(picture, step, wanted, driver, reference, cancellation);
        if (lease.IsHeld)
        {
            step = SharesInForce.Hold(step, picture, rollout, driver, reference);
            await RecordAsync(picture, rollout, input, step, cancellation);
        }

        await PublishAsync(picture, wanted, rollout.Status, cancellation);
        return rollout.IsFinal ? TimeSpan.Zero : WhileMoving;
    }

    private async Task RecordAsync(EndpointPicture picture, Rollout rollout, StrategyInput input, Step step, CancellationToken cancellation)
    {
        if (step.IsDone)
        {
            await outcomes.SucceedAsync(picture, rollout, cancellation);
            return;
        }

        if (step.Failure is { } failure && rollout.State == RolloutState.Running)
        {
            await outcomes.FailStepAsync(picture, rollout, failure, input.Gates, cancellation);
            return;
        }

        outcomes.TakeSteps(rollout, input, step);

        var fetched = input.Replicas.Where(r => r.PlanId == input.To.Id).Sum(r => r.Progress?.Fetched ?? 0);
        var (progressed, idle) = watch.Look(rollout.Id, input.Ready(input.To), input.PresentOthers, fetched);
        if (rollout.State == RolloutState.Paused)
        {
            watch.Hold(rollout.Id);
            if (rollout.HeldBecause is { } why)
            {
                // Until a person decides that is where it stands, whatever the strategy says meanwhile.
                step = step with { Status = why };
            }
            else if (step.Failure is not null)
            {
                // A person holds it, and it says so already.
                return;
            }
        }
        else if (step.IsWaiting)
        {
            watch.Hold(rollout.Id);
        }
        else if (idle > TimeSpan.FromSeconds(picture.Wanted!.Spec.Strategy.ProgressDeadlineSeconds))
        {
            await outcomes.StopAsync(picture, rollout, RolloutOutcomes.NoProgress(picture, step, idle), "What runs goes on.", cancellation);
            return;
        }

        await outcomes.ReportAsync(picture.Db, rollout, step.Status, progressed, RolloutEventKinds.Step, RolloutEventLevel.Info, cancellation);
    }

    private async Task TakeStepAsync(EndpointPicture picture, Step step, Plan wanted, ITargetDriver driver, EndpointRef reference, CancellationToken cancellation)
    {
        // A token is needed as long as any plan that serves wants one, so that no switch opens the endpoint for a moment.
        var requiresToken = wanted.Spec.RequiresToken || step.Serving.Select(picture.FindPlan).Any(p => p?.Spec.RequiresToken == true);
        routes.Publish(new(reference.Id, reference.Name, requiresToken, step.Serving) { Weights = step.Weights, Shadow = step.Shadow, Preview = step.Preview });
        if (picture.Rollout?.State != RolloutState.Approved)
        {
            await ApplyAsync(picture, driver, reference, WantedRevisions.Of(step, picture), cancellation);
        }
    }

    private async Task ApplyAsync(EndpointPicture picture, ITargetDriver driver, EndpointRef reference, IReadOnlyList<RevisionSpec> revisions, CancellationToken cancellation)
    {
        if (lease.IsHeld)
        {
            await WithinTimeAsync(
                async token =>
                {
                    await driver.ApplyAsync(reference, revisions, token);
                    return true;
                },
                cancellation);
            if (driver is IDriftSource drift && picture.Endpoint.NoteOpen(drift.OpenOf(reference.Id), picture.Endpoint.PutBackAsk))
            {
                await picture.Db.SaveChangesAsync(cancellation);
            }
        }
    }

    private async Task<T> WithinTimeAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        var limit = TimeSpan.FromSeconds(options.Value.TargetTimeoutSeconds);
        using var timeout = new CancellationTokenSource(limit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            return await call(both.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"the target did not answer within {limit.TotalSeconds:0} s.");
        }
    }

    /// <summary>A plan sealed for another environment was decided under another policy; a rollback may be older than a move of its target. What the target no longer takes is not begun either.</summary>
    private async Task<string?> OutdatedAsync(EndpointPicture picture, Rollout rollout, CancellationToken cancellation) =>
        rollout.State != RolloutState.Approved || !lease.IsHeld ? null
        : rollout.Kind == RolloutKind.Deploy && picture.Wanted!.Spec.Environment != picture.Target.Environment
            ? $"{picture.Target.Name} was moved to {picture.Target.Environment} after this was planned for {picture.Wanted.Spec.Environment}. Plan it anew."
            : (await drivers.CheckSealedAsync(picture.Target, picture.Wanted!, cancellation)).Failure?.Message;

    private async Task NoteDamageAsync(EndpointPicture picture, string damage, CancellationToken cancellation)
    {
        var message = $"What runs goes on, nothing is started: {damage}";
        var endpointId = picture.Endpoint.Id;
        if (lease.IsHeld && !await picture.Db.RolloutEvents.AnyAsync(e => e.EndpointId == endpointId && e.Kind == RolloutEventKinds.PlanDamaged && e.Message == message, cancellation))
        {
            log.PlanDamaged(picture.Endpoint.Name, damage);
            History.Add(picture.Db, time.GetUtcNow(), endpointId, null, RolloutEventKinds.PlanDamaged, message, RolloutEventLevel.Error);
            await picture.Db.SaveChangesAsync(cancellation);
        }
    }

    private Task PublishAsync(EndpointPicture picture, Plan? wanted, string status, CancellationToken cancellation)
    {
        var endpoint = picture.Endpoint;
        var active = picture.Rollout is { IsFinal: false } rollout ? rollout : null;
        EndpointActivity activity = new()
        {
            EndpointId = endpoint.Id,
            Name = endpoint.Name,
            IsRetired = endpoint.RetiredAt is not null,
            Stable = picture.Stable is { } stable ? EndpointPicture.NameOf(stable) : null,
            RolloutId = active?.Id,
            RolloutNumber = active?.Number,
            State = active?.State,
            Status = status,
            Wanted = wanted is null ? 0 : picture.ReplicasOf(wanted),
            Ready = picture.Observation.Replicas.Count(r => r.Phase == ReplicaPhase.Ready),
            Replicas = picture.Observation.Replicas,
            OpenJson = OpenChange.Write(endpoint.Open),
        };
        return PublishAsync(picture.Db, activity, cancellation);
    }

    private async Task PublishAsync(RegistryDb db, EndpointActivity activity, CancellationToken cancellation) => feed.Publish(activity with
    {
        Waiting = await db.Rollouts.CountAsync(r => r.EndpointId == activity.EndpointId && r.State == RolloutState.PendingApproval, cancellation),
        LastEventId = await db.RolloutEvents.Where(e => e.EndpointId == activity.EndpointId).OrderByDescending(e => e.Id).Select(e => (Guid?)e.Id).FirstOrDefaultAsync(cancellation),
    });
}
