using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Gates;
using Ops.Dashboard.Features.Rollouts.Strategies;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Execution;

/// <summary>
/// What the controller writes into the registry. A change of state and its line of history are one transaction, and a line is written only
/// together with the change it tells about: whoever looks again after a crash finds either both or neither, so nothing is told twice.
/// </summary>
internal sealed class RolloutOutcomes(ProgressWatch watch, TimeProvider time, ILogger<RolloutOutcomes> log)
{
    private const int MostReasons = 3;
    private static readonly TimeSpan JudgedEvery = TimeSpan.FromSeconds(5);

    /// <summary>The rollout begins.</summary>
    public async Task StartAsync(EndpointPicture picture, Rollout rollout, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        Require(rollout.Start(now));
        if (picture.Stable is { Spec.Kubernetes.Autoscaling: not null } stable)
        {
            picture.Endpoint.HoldScale(picture.ReplicasOf(stable));
        }

        History.Add(picture.Db, now, rollout, RolloutEventKinds.Started, $"Begins to roll out {EndpointPicture.NameOf(picture.Wanted!)}.");
        await picture.Db.SaveChangesAsync(cancellation);
        log.RolloutStarted(picture.Endpoint.Name, rollout.Number);
    }

    /// <summary>Where it stands now; nothing is written when that is what the registry says already.</summary>
    public async Task ReportAsync(
        RegistryDb db, Rollout rollout, string status, bool progressed, string kind, RolloutEventLevel level, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var isNew = rollout.Status != status;
        rollout.Report(status, progressed, now);
        if (isNew)
        {
            History.Add(db, now, rollout, kind, status, level);
        }

        await db.SaveChangesAsync(cancellation);
    }

    /// <summary>The plan is reached: it is what the endpoint goes back to from now on.</summary>
    public async Task SucceedAsync(EndpointPicture picture, Rollout rollout, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        Require(rollout.Succeed(now));
        Require(picture.Endpoint.Settle(rollout.Id, rollout.PlanId));
        History.Add(picture.Db, now, rollout, RolloutEventKinds.Succeeded, $"{EndpointPicture.NameOf(picture.Wanted!)} runs as planned.");
        if (rollout.UndoesRolloutId is { } undoneId)
        {
            var undone = await picture.Db.Rollouts.SingleOrDefaultAsync(r => r.Id == undoneId, cancellation);

            // One that never succeeded was superseded already and stays so.
            if (undone?.MarkRolledBack(rollout.Number, now).Succeeded == true)
            {
                History.Add(picture.Db, now, undone, RolloutEventKinds.RolledBack, $"Rollout {rollout.Number} undid it.", RolloutEventLevel.Warning);
            }
        }

        await picture.Db.SaveChangesAsync(cancellation);
        watch.Forget(rollout.Id);
        log.RolloutSucceeded(picture.Endpoint.Name, rollout.Number);
    }

    /// <summary>Notes how far it is on the steps of its strategy, to be saved with where it stands.</summary>
    public void TakeSteps(Rollout rollout, StrategyInput input, Step step)
    {
        if (rollout.State != RolloutState.Running || input.Strategy.Steps.Count == 0)
        {
            return;
        }

        if (step.StepIndex > rollout.StepIndex)
        {
            rollout.EnterStep(step.StepIndex);
        }
        else if (step.IsReached && rollout.StepReachedAt is null)
        {
            rollout.ReachStep(time.GetUtcNow());
        }
        else if (input.Gates.Count > 0 && HasNews(GateVerdict.Read(rollout.GatesJson), input.Gates))
        {
            rollout.Judge(GateVerdict.Write(input.Gates));
        }
    }

    /// <summary>A step must not be left: back to what ran before, or, where the plan says so, held until a person decides. Meanwhile what ran before answers everything.</summary>
    public async Task FailStepAsync(EndpointPicture picture, Rollout rollout, string why, IReadOnlyList<GateVerdict> verdicts, CancellationToken cancellation)
    {
        // Whatever comes after goes by what is written here: a gate without a figure has failed now, too.
        rollout.Judge(GateVerdict.Write([.. verdicts.Select(v => v.Answer == GateAnswer.Missing ? v with { Answer = GateAnswer.Fails } : v)]));
        await StopAsync(picture, rollout, why, "What ran before answers everything.", cancellation);
    }

    /// <summary>It must not go on or gets no further: back to what ran before or, where the plan says so, held until a person decides.</summary>
    public async Task StopAsync(EndpointPicture picture, Rollout rollout, string why, string whenHeld, CancellationToken cancellation)
    {
        // Without steps there is nothing to try again: rolling and recreate go back in any case.
        if (picture.Wanted!.Spec.Strategy is { RollBackOnFailure: true } or { Steps.Count: 0 })
        {
            await FailAsync(picture, rollout, why, cancellation);
            return;
        }

        var now = time.GetUtcNow();
        Require(rollout.Hold($"{why} {whenHeld}", now));
        History.Add(picture.Db, now, rollout, RolloutEventKinds.Paused, $"{why} It is held until a person decides.", RolloutEventLevel.Error);
        await picture.Db.SaveChangesAsync(cancellation);
        log.RolloutHeld(picture.Endpoint.Name, rollout.Number, why);
    }

    /// <summary>It cannot be done; the next look goes back to the stable plan.</summary>
    public async Task FailAsync(EndpointPicture picture, Rollout rollout, string why, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        Require(rollout.Fail(why, now));
        Require(picture.Endpoint.Settle(rollout.Id, null));
        AuditAutomatic(picture, rollout, why);
        var next = picture.Stable is { } stable ? $"Goes back to {EndpointPicture.NameOf(stable)}." : "Nothing ran here before, so nothing runs now.";
        History.Add(picture.Db, now, rollout, RolloutEventKinds.Failed, $"{why} {next}", RolloutEventLevel.Error);
        await picture.Db.SaveChangesAsync(cancellation);
        watch.Forget(rollout.Id);
        log.RolloutFailed(picture.Endpoint.Name, rollout.Number, why);
    }

    /// <summary>In plain words: where it got stuck, and what the replicas say about it.</summary>
    public static string NoProgress(EndpointPicture picture, Step step, TimeSpan idle)
    {
        var reasons = picture.Observation.Replicas
            .Where(r => r.PlanId == picture.Wanted!.Id && !string.IsNullOrWhiteSpace(r.Reason))
            .Select(r => r.Reason!.TrimEnd('.', ' '))
            .Distinct(StringComparer.Ordinal)
            .Take(MostReasons)
            .ToList();
        var words = reasons.Count == 0 ? "" : $" {string.Join("; ", reasons)}.";
        return $"No progress for {idle.TotalSeconds:0} s: {step.Status}{words}";
    }

    private void AuditAutomatic(EndpointPicture picture, Rollout rollout, string why) =>
        new CommandScope(picture.Db, Caller.System(Guid.NewGuid().ToString("N")), null, picture.Stable is null ? "rollout.stop-automatically" : "rollout.roll-back-automatically", time.GetUtcNow())
            .Audit("rollout", rollout.Id, RolloutOpening.NameOf(picture.Endpoint, rollout), reason: why);

    // Every look measures anew; the registry is written only when an answer turns, or now and then.
    private static bool HasNews(IReadOnlyList<GateVerdict> known, IReadOnlyList<GateVerdict> now) =>
        known.Count != now.Count || known.Zip(now).Any(pair => pair.First.Answer != pair.Second.Answer || pair.Second.At - pair.First.At >= JudgedEvery);

    // The picture is fresh and its rows are guarded by their revisions, so a refusal here is a mistake of the program.
    private static void Require(Result result)
    {
        if (!result.Succeeded)
        {
            throw new InvalidOperationException(result.Failure.Message);
        }
    }
}
