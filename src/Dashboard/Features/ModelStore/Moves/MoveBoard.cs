using Ops.Dashboard.Live;

namespace Ops.Dashboard.Features.ModelStore.Moves;

/// <summary>How far the move of a version is.</summary>
/// <param name="VersionId">The version.</param>
/// <param name="Bytes">Copied so far.</param>
/// <param name="TotalBytes">To be copied.</param>
/// <param name="Problem">Why it does not go on, in plain words, or null.</param>
internal sealed record MoveProgress(Guid VersionId, long Bytes, long TotalBytes, string? Problem);

/// <summary>The moves under way, live. An item that goes away has ended: whoever shows the version reads it again.</summary>
internal sealed class MoveBoard(TimeProvider time)
{
    /// <summary>What pages watch.</summary>
    public SnapshotFeed<MoveProgress> Progress { get; } = new(p => p.VersionId.ToString(), time);
}
