using System.Collections.Concurrent;

namespace Ops.Dashboard.Features.ModelStore.Verification;

/// <summary>How far verifications are and what is in their way, for the people who wait. In memory: a restart starts verification over.</summary>
internal sealed class VerificationBoard
{
    private readonly ConcurrentDictionary<Guid, VerificationProgress> progress = [];

    /// <summary>What is known about an upload.</summary>
    public VerificationProgress Read(Guid uploadId) => progress.GetValueOrDefault(uploadId, VerificationProgress.None);

    /// <summary>Says how many bytes were read again.</summary>
    public void Report(Guid uploadId, long bytes) => progress[uploadId] = new(bytes, null);

    /// <summary>Says what is in the way, in plain words.</summary>
    public void Trouble(Guid uploadId, string problem) => progress.AddOrUpdate(
        uploadId, static (_, problem) => new(0, problem), static (_, before, problem) => before with { Problem = problem }, problem);

    /// <summary>Forgets an upload that is finished.</summary>
    public void Forget(Guid uploadId) => progress.TryRemove(uploadId, out _);
}

/// <summary>How far a verification is.</summary>
/// <param name="Bytes">Read again so far.</param>
/// <param name="Problem">What is in the way, or null.</param>
internal sealed record VerificationProgress(long Bytes, string? Problem)
{
    /// <summary>Nothing known.</summary>
    public static VerificationProgress None { get; } = new(0, null);
}
