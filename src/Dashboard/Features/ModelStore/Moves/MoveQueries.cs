using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Moves;

/// <summary>The last move of a version.</summary>
/// <param name="State">How far it is.</param>
/// <param name="ToStore">Where it goes.</param>
/// <param name="Failure">Why it failed, or null.</param>
internal sealed record MoveView(VersionMoveState State, string ToStore, string? Failure)
{
    /// <summary>Whether work is left.</summary>
    public bool IsUnfinished => State is VersionMoveState.Copying or VersionMoveState.Cleaning;
}

/// <summary>Reads moves for pages.</summary>
internal sealed class MoveQueries(IDbContextFactory<RegistryDb> databases)
{
    /// <summary>The last move of a version, or null when it never moved.</summary>
    public async Task<MoveView?> LastAsync(Guid versionId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.VersionMoves.Where(m => m.VersionId == versionId).OrderByDescending(m => m.Id)
            .Select(m => new MoveView(m.State, m.ToStore, m.FailureMessage)).FirstOrDefaultAsync(cancellation);
    }
}
