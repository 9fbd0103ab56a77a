using Ops.Data.Access;

namespace Ops.Dashboard.Commands;

/// <summary>What a command may need. Pages show or hide by it; commands check it themselves.</summary>
internal enum Right
{
    /// <summary>Look at everything but secrets.</summary>
    View,

    /// <summary>Upload versions and make models.</summary>
    UploadVersions,

    /// <summary>Describe, alias, archive and restore models and versions.</summary>
    ManageModels,

    /// <summary>Delete and restore versions, and say which ones are kept.</summary>
    DeleteVersions,

    /// <summary>Make plans and ask for rollouts; send requests in the playground.</summary>
    PlanRollouts,

    /// <summary>Pause, resume, abort, retry and roll back.</summary>
    OperateRollouts,

    /// <summary>Decide on rollouts. The policy may ask for another role than approver.</summary>
    DecideRollouts,

    /// <summary>Make and revoke endpoint tokens; retire endpoints.</summary>
    ManageEndpoints,

    /// <summary>Manage people and roles.</summary>
    ManageAccess,

    /// <summary>Manage targets, stores and policies.</summary>
    ManageTargets,
}

/// <summary>Which roles give which right: the one table.</summary>
internal static class Rights
{
    private static readonly Dictionary<Right, Roles> Holders = new()
    {
        [Right.View] = Roles.Viewer | Roles.Operator | Roles.Approver | Roles.OnCall | Roles.Administrator,
        [Right.UploadVersions] = Roles.Operator,
        [Right.ManageModels] = Roles.Operator,
        [Right.DeleteVersions] = Roles.Operator | Roles.Administrator,
        [Right.PlanRollouts] = Roles.Operator,
        [Right.OperateRollouts] = Roles.Operator | Roles.OnCall,
        [Right.DecideRollouts] = Roles.Approver | Roles.Operator | Roles.OnCall | Roles.Administrator,
        [Right.ManageEndpoints] = Roles.Operator | Roles.Administrator,
        [Right.ManageAccess] = Roles.Administrator,
        [Right.ManageTargets] = Roles.Administrator,
    };

    /// <summary>Whether these roles give the right.</summary>
    public static bool Allow(this Roles roles, Right right) => (Holders[right] & roles) != 0;

    /// <summary>The roles of which any one gives the right, for "you need ..." messages.</summary>
    public static Roles Needed(Right right) => Holders[right];
}
