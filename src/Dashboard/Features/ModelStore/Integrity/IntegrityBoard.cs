using Ops.Dashboard.Live;

namespace Ops.Dashboard.Features.ModelStore.Integrity;

/// <summary>How far the verification of a version is.</summary>
/// <param name="VersionId">The version.</param>
/// <param name="Bytes">Read so far.</param>
/// <param name="TotalBytes">To be read.</param>
/// <param name="Problem">Why it does not go on, in plain words, or null.</param>
internal sealed record VerifyProgress(Guid VersionId, long Bytes, long TotalBytes, string? Problem);

/// <summary>The verifications under way, live. An item that goes away has ended: whoever shows the version reads it again.</summary>
internal sealed class IntegrityBoard(TimeProvider time)
{
    /// <summary>What pages watch.</summary>
    public SnapshotFeed<VerifyProgress> Progress { get; } = new(p => p.VersionId.ToString(), time);

    /// <summary>Says how far one is.</summary>
    public void Report(VerifyProgress progress) => Progress.Publish(progress);

    /// <summary>Says that one has ended, however.</summary>
    public void End(Guid versionId) => Progress.Remove(versionId.ToString());
}
