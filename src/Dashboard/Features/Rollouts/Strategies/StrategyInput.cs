using Ops.Dashboard.Features.Rollouts.Gates;
using Ops.Dashboard.Features.Targets;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Strategies;

/// <summary>A plan as strategies know it.</summary>
/// <param name="Id">The plan's key.</param>
/// <param name="Name">What people call it, such as <c>digits 2</c>.</param>
/// <param name="Replicas">How many replicas it is to have, 0 or more: what it asks for, or what an autoscaler has made of that.</param>
internal sealed record PlanCount(Guid Id, string Name, int Replicas);

/// <summary>Everything a strategy may look at.</summary>
internal sealed record StrategyInput
{
    /// <summary>The plan to reach.</summary>
    public required PlanCount To { get; init; }

    /// <summary>The plan that ran well before; null on a new endpoint, and when <see cref="To"/> itself is the stable plan.</summary>
    public PlanCount? Stable { get; init; }

    /// <summary>Other plans of which replicas are left, from rollouts that ended otherwise.</summary>
    public IReadOnlyList<PlanCount> Leftovers { get; init; } = [];

    /// <summary>The replicas that are seen now.</summary>
    public required IReadOnlyList<ReplicaObservation> Replicas { get; init; }

    /// <summary>How many replicas beyond the greater of both plans may run meanwhile, 1 or more.</summary>
    public int MaxSurge { get; init; } = 1;

    /// <summary>Whether a person holds the rollout: nothing new is started and nothing that serves is stopped.</summary>
    public bool IsPaused { get; init; }

    /// <summary>The strategy as planned: its steps and gates, and how long old replicas are kept.</summary>
    public PlanStrategy Strategy { get; init; } = new();

    /// <summary>The step it is at, from 0; as many as there are steps once all are behind it.</summary>
    public int StepIndex { get; init; }

    /// <summary>How long ago the step's share was reached; null while it is not.</summary>
    public TimeSpan? TimeInStep { get; init; }

    /// <summary>For how much of that this process has looked; null when all the time.</summary>
    public TimeSpan? TimeWatched { get; init; }

    /// <summary>Whether a person said that it leaves this step.</summary>
    public bool IsPromoted { get; init; }

    /// <summary>What the gates say now; empty while the step's share is not reached.</summary>
    public IReadOnlyList<GateVerdict> Gates { get; init; } = [];

    /// <summary>All plans but <see cref="To"/>, the stable one first.</summary>
    public IEnumerable<PlanCount> Olds => Stable is null ? Leftovers : Leftovers.Prepend(Stable);

    /// <summary>Replicas of a plan that answer and stay.</summary>
    public int Ready(PlanCount plan) => Replicas.Count(r => r.PlanId == plan.Id && r is { Phase: ReplicaPhase.Ready, MayGo: false });

    /// <summary>Replicas of a plan that answer, or come up for the first time and may well be about to.</summary>
    public int Useful(PlanCount plan) => Replicas.Count(r => r.PlanId == plan.Id && (r.Phase == ReplicaPhase.Ready || (r.Phase == ReplicaPhase.Loading && r.Restarts == 0)));

    /// <summary>Replicas of a plan that died or stopped answering, and are meant to come back.</summary>
    public int Dead(PlanCount plan) => Replicas.Count(r => r.PlanId == plan.Id
        && (r.Phase is ReplicaPhase.Failed or ReplicaPhase.Unready || (r.Phase == ReplicaPhase.Pending && r.Restarts > 0)));

    /// <summary>Replicas of a plan that are meant to stay.</summary>
    public int Running(PlanCount plan) => Replicas.Count(r => r.PlanId == plan.Id && r.Phase != ReplicaPhase.Stopping);

    /// <summary>Replicas of a plan that use memory still, also those that are stopping.</summary>
    public int Present(PlanCount plan) => Replicas.Count(r => r.PlanId == plan.Id);

    /// <summary>Replicas of all plans but <see cref="To"/> that use memory still, also of plans nobody knows any more.</summary>
    public int PresentOthers => Replicas.Count(r => r.PlanId != To.Id);
}

/// <summary>What should be so now.</summary>
internal sealed record Step
{
    /// <summary>How many replicas each plan should have; plans left out have none.</summary>
    public required IReadOnlyDictionary<Guid, int> Replicas { get; init; }

    /// <summary>The plans whose ready replicas may get requests.</summary>
    public required IReadOnlySet<Guid> Serving { get; init; }

    /// <summary>One plain sentence on where it stands.</summary>
    public required string Status { get; init; }

    /// <summary>Whether the plan is reached: all its replicas are ready, and nothing else is left.</summary>
    public bool IsDone { get; init; }

    /// <summary>The share of requests, in percent, that each serving plan gets; empty to leave it to the number of ready replicas.</summary>
    public IReadOnlyDictionary<Guid, int> Weights { get; init; } = new Dictionary<Guid, int>();

    /// <summary>A plan that gets a copy of a share of the requests, in percent, and whose answers nobody gets.</summary>
    public (Guid PlanId, int Percent)? Shadow { get; init; }

    /// <summary>A plan that answers at the endpoint's preview address.</summary>
    public Guid? Preview { get; init; }

    /// <summary>The step to be at from now on.</summary>
    public int StepIndex { get; init; }

    /// <summary>Whether the share of the step it was asked about is reached.</summary>
    public bool IsReached { get; init; }

    /// <summary>Whether it waits on purpose: for the end of a pause, a figure or a person. That is no lack of progress.</summary>
    public bool IsWaiting { get; init; }

    /// <summary>Why the rollout must not go on; null when it may.</summary>
    public string? Failure { get; init; }

    /// <summary>How many replicas of a plan should run.</summary>
    public int Of(Guid planId) => Replicas.GetValueOrDefault(planId);
}
