namespace Ops.Data.Access;

/// <summary>The one row that says who this installation is and whether its first administrator exists.</summary>
public sealed class Installation
{
    /// <summary>The key of the only row.</summary>
    public const int OnlyId = 1;

    /// <summary>Always <see cref="OnlyId"/>.</summary>
    public int Id { get; init; } = OnlyId;

    /// <summary>Identifies this installation among others that share a machine or a store.</summary>
    public Guid InstallationId { get; init; }

    /// <summary>SHA-256 (hex) of the one-time setup secret, or null once it was used.</summary>
    public string? SetupSecretHash { get; private set; }

    /// <summary>When the first administrator was made.</summary>
    public DateTimeOffset? SetUpAt { get; private set; }

    /// <summary>Guards against two people using the setup link at once.</summary>
    public int Revision { get; private set; }

    /// <summary>Whether a first administrator exists.</summary>
    public bool IsSetUp => SetUpAt is not null;

    /// <summary>Replaces the setup secret; links printed earlier stop working.</summary>
    public Result IssueSetupSecret(string secretHash)
    {
        if (IsSetUp)
        {
            return Failure.Conflict("This installation is set up already.");
        }

        SetupSecretHash = secretHash;
        Revision++;
        return Result.Done;
    }

    /// <summary>Uses the setup secret up.</summary>
    public Result CompleteSetup(DateTimeOffset now)
    {
        if (IsSetUp)
        {
            return Failure.Conflict("This installation is set up already.");
        }

        SetUpAt = now;
        SetupSecretHash = null;
        Revision++;
        return Result.Done;
    }
}
