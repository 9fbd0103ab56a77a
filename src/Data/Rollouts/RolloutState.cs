namespace Ops.Data.Rollouts;

/// <summary>How far a rollout is. Stored as text; the order is the usual course.</summary>
public enum RolloutState
{
    /// <summary>Being written; nobody else sees it.</summary>
    Draft,

    /// <summary>Waits for decisions.</summary>
    PendingApproval,

    /// <summary>May run; waits for the controller.</summary>
    Approved,

    /// <summary>The controller is at it.</summary>
    Running,

    /// <summary>A person holds it; what runs goes on running.</summary>
    Paused,

    /// <summary>The endpoint is as planned.</summary>
    Succeeded,

    /// <summary>It could not be done; the endpoint goes back to its stable plan.</summary>
    Failed,

    /// <summary>A later rollback undid it.</summary>
    RolledBack,

    /// <summary>A person stopped it; the endpoint goes back to its stable plan.</summary>
    Aborted,

    /// <summary>An approver said no.</summary>
    Rejected,

    /// <summary>Nobody decided in time.</summary>
    Expired,

    /// <summary>A later rollout took its place.</summary>
    Superseded,
}

/// <summary>What a rollout is for.</summary>
public enum RolloutKind
{
    /// <summary>A new plan.</summary>
    Deploy,

    /// <summary>Back to a plan that ran here before.</summary>
    Rollback,
}
