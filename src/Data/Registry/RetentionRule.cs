namespace Ops.Data.Registry;

/// <summary>Which versions of a model are kept. One row for each model that has a rule of its own, and one for all others.</summary>
public sealed class RetentionRule
{
    private RetentionRule()
    {
    }

    /// <summary>The id of the row that holds for models without a row of their own.</summary>
    public static Guid DefaultId { get; } = Guid.Empty;

    /// <summary>The model, or <see cref="DefaultId"/>.</summary>
    public Guid Id { get; private init; }

    /// <summary>Whether versions are deleted by it at all.</summary>
    public bool IsEnabled { get; private set; }

    /// <summary>How many of the newest versions are kept.</summary>
    public int KeepLast { get; private set; }

    /// <summary>Versions younger than this many days are kept.</summary>
    public int KeepDays { get; private set; }

    /// <summary>Who changed it last.</summary>
    public string ChangedByName { get; private set; } = "";

    /// <summary>When.</summary>
    public DateTimeOffset ChangedAt { get; private set; }

    /// <summary>Optimistic concurrency token.</summary>
    public int Revision { get; private set; }

    /// <summary>What it says, without who said it.</summary>
    public RetentionLimits Limits => new(IsEnabled, KeepLast, KeepDays);

    /// <summary>Makes the row of a model or the default one.</summary>
    public static RetentionRule For(Guid id) => new() { Id = id };

    /// <summary>Changes it.</summary>
    public Result Change(RetentionLimits limits, string byName, DateTimeOffset now)
    {
        if (limits.Check() is { Succeeded: false } wrong)
        {
            return wrong;
        }

        (IsEnabled, KeepLast, KeepDays) = (limits.IsEnabled, limits.KeepLast, limits.KeepDays);
        (ChangedByName, ChangedAt) = (byName, now);
        Revision++;
        return Result.Done;
    }
}

/// <summary>What a rule of retention says. Versions that are deployed, in a rollout or carry an alias are kept whatever it says.</summary>
/// <param name="IsEnabled">Whether versions are deleted by it at all.</param>
/// <param name="KeepLast">How many of the newest versions are kept, 1 to 10,000.</param>
/// <param name="KeepDays">Versions younger than this many days are kept, 0 to 3,650.</param>
public sealed record RetentionLimits(bool IsEnabled, int KeepLast, int KeepDays)
{
    /// <summary>Deletes nothing; the numbers a form starts with.</summary>
    public static RetentionLimits Off { get; } = new(false, 10, 90);

    /// <summary>Refuses numbers out of range.</summary>
    public Result Check()
    {
        if (KeepLast is < 1 or > 10_000)
        {
            return Failure.Invalid("Keep 1 to 10,000 of the newest versions.", "keepLast");
        }

        return KeepDays is < 0 or > 3650 ? Failure.Invalid("Keep versions younger than 0 to 3,650 days.", "keepDays") : Result.Done;
    }
}
