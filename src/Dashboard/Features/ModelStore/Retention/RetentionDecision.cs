using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Retention;

/// <summary>What a rule of retention looks at in a version.</summary>
public sealed record RetainedVersion
{
    /// <summary>The key.</summary>
    public required Guid Id { get; init; }

    /// <summary>The number.</summary>
    public required int Number { get; init; }

    /// <summary>When it became visible.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>All files together, in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>The aliases on it.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>What else keeps it, in words: an endpoint it serves on, a rollout that waits or runs.</summary>
    public IReadOnlyList<string> Uses { get; init; } = [];
}

/// <summary>What happens to a version under a rule.</summary>
/// <param name="Version">The version.</param>
/// <param name="Kept">Why it stays; empty when it goes.</param>
public sealed record RetentionVerdict(RetainedVersion Version, IReadOnlyList<string> Kept)
{
    /// <summary>Whether it is deleted.</summary>
    public bool Goes => Kept.Count == 0;
}

/// <summary>Says which versions of a model go and why the others stay. Pure: the same for the preview and for the job.</summary>
internal static class RetentionDecision
{
    /// <summary>Decides.</summary>
    /// <param name="limits">The rule. One that is off keeps all.</param>
    /// <param name="versions">The versions of one model that are not deleted, in any order.</param>
    /// <param name="now">The time.</param>
    /// <returns>One verdict a version, newest first.</returns>
    public static IReadOnlyList<RetentionVerdict> Decide(RetentionLimits limits, IEnumerable<RetainedVersion> versions, DateTimeOffset now) =>
        [.. versions.OrderByDescending(v => v.Number).Select((version, place) => new RetentionVerdict(version, Reasons(limits, version, place, now)))];

    private static List<string> Reasons(RetentionLimits limits, RetainedVersion version, int place, DateTimeOffset now)
    {
        List<string> reasons = [];
        if (!limits.IsEnabled)
        {
            reasons.Add("the rule is off");
            return reasons;
        }

        if (place < limits.KeepLast)
        {
            reasons.Add(limits.KeepLast == 1 ? "the newest" : $"one of the newest {limits.KeepLast}");
        }

        if (version.CreatedAt > now - TimeSpan.FromDays(limits.KeepDays))
        {
            reasons.Add($"younger than {(limits.KeepDays == 1 ? "1 day" : $"{limits.KeepDays} days")}");
        }

        reasons.AddRange(version.Uses);
        reasons.AddRange(version.Aliases.Select(alias => $"carries {alias}"));
        return reasons;
    }
}
