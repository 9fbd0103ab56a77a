using Ops.Data.Access;
using Ops.Data.Approvals;

namespace Ops.Data.Rollouts;

/// <summary>Carrying out one plan.</summary>
public sealed partial class Rollout
{
    private Rollout()
    {
    }

    /// <summary>The key.</summary>
    public Guid Id { get; private init; }

    /// <summary>The endpoint.</summary>
    public Guid EndpointId { get; private init; }

    /// <summary>1, 2, 3 ... within the endpoint.</summary>
    public int Number { get; private init; }

    /// <summary>Deploy or rollback.</summary>
    public RolloutKind Kind { get; private init; }

    /// <summary>The sealed plan.</summary>
    public Guid PlanId { get; private init; }

    /// <summary>The plan's hash when it was asked for.</summary>
    public string PlanHash { get; private init; } = "";

    /// <summary>The digest of the version in the plan.</summary>
    public string VersionDigest { get; private init; } = "";

    /// <summary>The stable plan when it was asked for, for the difference.</summary>
    public Guid? PreviousPlanId { get; private init; }

    /// <summary>The rollout that a rollback undoes.</summary>
    public Guid? UndoesRolloutId { get; private init; }

    /// <summary>Who asked.</summary>
    public Guid RequestedById { get; private init; }

    /// <summary>That person's name.</summary>
    public string RequestedByName { get; private init; } = "";

    /// <summary>Who uploaded the version; may not approve either.</summary>
    public Guid VersionUploadedById { get; private init; }

    /// <summary>Who made the plan; may not approve either, also when somebody else asks to go back to it.</summary>
    public Guid PlanCreatedById { get; private init; }

    /// <summary>Why, in the words of who asked.</summary>
    public string Reason { get; private init; } = "";

    /// <summary>When it was asked for.</summary>
    public DateTimeOffset RequestedAt { get; private init; }

    /// <summary>How far it is.</summary>
    public RolloutState State { get; private set; }

    /// <summary>How many approvals the policy asked for then.</summary>
    public int RequiredApprovals { get; private init; }

    /// <summary>The role the approvers need.</summary>
    public Roles ApproverRole { get; private init; }

    /// <summary>When it expires unless enough people approve.</summary>
    public DateTimeOffset? ExpiresAt { get; private init; }

    /// <summary>When the controller began.</summary>
    public DateTimeOffset? StartedAt { get; private set; }

    /// <summary>When the controller last saw it get further; the progress deadline counts from here.</summary>
    public DateTimeOffset? ProgressedAt { get; private set; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; private set; }

    /// <summary>One plain sentence on where it stands.</summary>
    public string Status { get; private set; } = "";

    /// <summary>Why the controller holds it until a person decides; null while it does not, also when a person holds it.</summary>
    public string? HeldBecause { get; private set; }

    /// <summary>Optimistic concurrency token.</summary>
    public int Revision { get; private set; }

    /// <summary>Decisions made so far.</summary>
    public List<Decision> Decisions { get; private init; } = [];

    /// <summary>Whether it is over.</summary>
    public bool IsFinal => State is RolloutState.Succeeded or RolloutState.Failed or RolloutState.RolledBack or RolloutState.Aborted
        or RolloutState.Rejected or RolloutState.Expired or RolloutState.Superseded;

    /// <summary>Whether it may act on the endpoint.</summary>
    public bool IsActive => State is RolloutState.Approved or RolloutState.Running or RolloutState.Paused;

    /// <summary>Asks for a plan to be carried out.</summary>
    public static Rollout Request(Plan plan, NewRollout details) => new()
    {
        Id = Guid.CreateVersion7(details.Now),
        EndpointId = plan.EndpointId,
        Number = details.Number,
        Kind = details.UndoesRolloutId is null ? RolloutKind.Deploy : RolloutKind.Rollback,
        PlanId = plan.Id,
        PlanHash = plan.Hash,
        VersionDigest = plan.Spec.VersionDigest,
        PlanCreatedById = plan.CreatedById,
        PreviousPlanId = details.PreviousPlanId,
        UndoesRolloutId = details.UndoesRolloutId,
        RequestedById = details.RequestedById,
        RequestedByName = details.RequestedByName,
        VersionUploadedById = details.VersionUploadedById,
        Reason = details.Reason,
        RequestedAt = details.Now,
        RequiredApprovals = details.RequiredApprovals,
        ApproverRole = details.ApproverRole,
        ExpiresAt = details.RequiredApprovals > 0 ? details.Now + details.Lifetime : null,
        State = details.RequiredApprovals > 0 ? RolloutState.PendingApproval : RolloutState.Approved,
        Status = details.RequiredApprovals > 0 ? "Waits for approval." : "Waits for the controller.",
    };

    /// <summary>Adds one person's decision. Refuses the requester, the author of the plan, the uploader, a second word, a late one, and one about another rollout, plan or digest.</summary>
    public Result Decide(Decision decision)
    {
        if (State != RolloutState.PendingApproval)
        {
            return Failure.Conflict($"This rollout is {State}; there is nothing to decide.");
        }

        if (decision.RolloutId != Id)
        {
            return Failure.Conflict("That decision is about another rollout.");
        }

        if (ExpiresAt <= decision.At)
        {
            return Failure.Conflict("This request has expired. Ask for it again.");
        }

        if (decision.PlanHash != PlanHash || decision.VersionDigest != VersionDigest)
        {
            return Failure.Conflict("The plan is not the one you were shown. Reload the page and look again.");
        }

        if (decision.PersonId == RequestedById)
        {
            return Failure.Forbidden("You asked for this rollout, so somebody else must decide.");
        }

        if (decision.PersonId == PlanCreatedById)
        {
            return Failure.Forbidden("You made this plan, so somebody else must decide.");
        }

        if (decision.PersonId == VersionUploadedById)
        {
            return Failure.Forbidden("You uploaded this version, so somebody else must decide.");
        }

        if (Decisions.Any(d => d.PersonId == decision.PersonId))
        {
            return Failure.Conflict("You have decided already.");
        }

        if (decision.Verdict == Verdict.Reject && string.IsNullOrWhiteSpace(decision.Reason))
        {
            return Failure.Invalid("Say why you reject it.", "reason");
        }

        Decisions.Add(decision);
        if (decision.Verdict == Verdict.Reject)
        {
            return Move(RolloutState.Rejected, $"Rejected by {decision.PersonName}: {decision.Reason}", decision.At, RolloutState.PendingApproval);
        }

        if (Decisions.Count(d => d.Verdict == Verdict.Approve) >= RequiredApprovals)
        {
            return Move(RolloutState.Approved, "Waits for the controller.", decision.At, RolloutState.PendingApproval);
        }

        Revision++;
        return Result.Done;
    }

    /// <summary>The controller begins.</summary>
    public Result Start(DateTimeOffset now)
    {
        var moved = Move(RolloutState.Running, "Begins.", now, RolloutState.Approved);
        if (moved.Succeeded)
        {
            StartedAt = now;
            ProgressedAt = now;
        }

        return moved;
    }

    /// <summary>A person holds it.</summary>
    public Result Pause(DateTimeOffset now) => Move(RolloutState.Paused, "Paused.", now, RolloutState.Running);

    /// <summary>A person lets it go on; the progress deadline and the step it is at start afresh.</summary>
    public Result Resume(DateTimeOffset now)
    {
        var moved = Move(RolloutState.Running, "Goes on.", now, RolloutState.Paused);
        if (moved.Succeeded)
        {
            ProgressedAt = now;
            BeginStep(StepIndex);
        }

        return moved;
    }

    /// <summary>The controller holds it until a person decides.</summary>
    /// <param name="why">Why, and what goes on meanwhile.</param>
    /// <param name="now">The moment.</param>
    public Result Hold(string why, DateTimeOffset now)
    {
        var moved = Move(RolloutState.Paused, why, now, RolloutState.Running);
        HeldBecause = moved.Succeeded ? why : HeldBecause;
        return moved;
    }

    /// <summary>A person stops it, or takes the request back.</summary>
    public Result Abort(string status, DateTimeOffset now) =>
        Move(RolloutState.Aborted, status, now, RolloutState.PendingApproval, RolloutState.Approved, RolloutState.Running, RolloutState.Paused);

    /// <summary>The controller could not do it.</summary>
    public Result Fail(string status, DateTimeOffset now) =>
        Move(RolloutState.Failed, status, now, RolloutState.Approved, RolloutState.Running, RolloutState.Paused);

    /// <summary>The endpoint is as planned.</summary>
    public Result Succeed(DateTimeOffset now) => Move(RolloutState.Succeeded, "The endpoint is as planned.", now, RolloutState.Running);

    /// <summary>Nobody decided in time.</summary>
    public Result Expire(DateTimeOffset now) => State == RolloutState.PendingApproval && now < ExpiresAt
        ? Failure.Conflict("There is time left to decide.")
        : Move(RolloutState.Expired, "Nobody decided in time.", now, RolloutState.PendingApproval);

    /// <summary>A later rollout takes its place.</summary>
    public Result Supersede(int laterNumber, DateTimeOffset now) => Move(
        RolloutState.Superseded,
        $"Rollout {laterNumber} took its place.",
        now,
        RolloutState.PendingApproval,
        RolloutState.Approved,
        RolloutState.Running,
        RolloutState.Paused);

    /// <summary>A rollback undid it.</summary>
    public Result MarkRolledBack(int rollbackNumber, DateTimeOffset now) =>
        Move(RolloutState.RolledBack, $"Rollout {rollbackNumber} undid it.", FinishedAt ?? now, RolloutState.Succeeded);

    /// <summary>Notes where it stands; with <paramref name="progressed"/> the progress deadline starts afresh.</summary>
    public void Report(string status, bool progressed, DateTimeOffset now)
    {
        if (IsFinal || (status == Status && !progressed))
        {
            return;
        }

        Status = status;
        ProgressedAt = progressed ? now : ProgressedAt;
        Revision++;
    }

    private Result Move(RolloutState to, string status, DateTimeOffset now, params ReadOnlySpan<RolloutState> from)
    {
        if (!from.Contains(State))
        {
            return Failure.Conflict($"This rollout is {State} and cannot become {to}.");
        }

        State = to;
        Status = status;
        HeldBecause = null;
        FinishedAt = IsFinal ? now : null;
        Revision++;
        return Result.Done;
    }
}
