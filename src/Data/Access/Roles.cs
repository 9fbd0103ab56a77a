namespace Ops.Data.Access;

/// <summary>What a person is allowed to be. A person may hold several; everybody who signs in can at least view.</summary>
[Flags]
public enum Roles
{
    /// <summary>None beyond an account.</summary>
    None = 0,

    /// <summary>May look at everything but secrets.</summary>
    Viewer = 1,

    /// <summary>Uploads versions, plans and operates rollouts.</summary>
    Operator = 2,

    /// <summary>Decides on rollouts that other people asked for.</summary>
    Approver = 4,

    /// <summary>Watches, pauses, aborts and rolls back.</summary>
    OnCall = 8,

    /// <summary>Manages people, targets, policies and stores.</summary>
    Administrator = 16,
}
