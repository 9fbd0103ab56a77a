namespace Ops.Data.Targets;

/// <summary>What a target is for; its approval policy hangs on it.</summary>
public enum TargetEnvironment
{
    /// <summary>Where people try things.</summary>
    Dev,

    /// <summary>The rehearsal.</summary>
    Staging,

    /// <summary>What customers use.</summary>
    Production,
}

/// <summary>The kinds of targets.</summary>
public static class TargetKinds
{
    /// <summary>Runtime processes on the machine the dashboard runs on.</summary>
    public const string Local = "local";

    /// <summary>A Kubernetes cluster and namespace.</summary>
    public const string Kubernetes = "kubernetes";
}

/// <summary>Where endpoints run.</summary>
public sealed class Target
{
    private Target()
    {
    }

    /// <summary>The key.</summary>
    public Guid Id { get; private init; }

    /// <summary>The unique name, an RFC 1123 label.</summary>
    public string Name { get; private init; } = "";

    /// <summary>One of <see cref="TargetKinds"/>.</summary>
    public string Kind { get; private init; } = "";

    /// <summary>Its environment.</summary>
    public TargetEnvironment Environment { get; private set; }

    /// <summary>Settings of the driver, as JSON.</summary>
    public string SettingsJson { get; private set; } = "{}";

    /// <summary>When it was added.</summary>
    public DateTimeOffset CreatedAt { get; private init; }

    /// <summary>Optimistic concurrency token.</summary>
    public int Revision { get; private set; }

    /// <summary>Makes a target.</summary>
    public static Result<Target> Create(string name, string kind, TargetEnvironment environment, DateTimeOffset now)
    {
        var check = Names.Check(name, "name");
        return check.Succeeded
            ? new Target { Id = Guid.CreateVersion7(now), Name = name, Kind = kind, Environment = environment, CreatedAt = now }
            : check.Failure;
    }

    /// <summary>Moves it to another environment, and so under another approval policy.</summary>
    public void SetEnvironment(TargetEnvironment environment)
    {
        Environment = environment;
        Revision++;
    }
}
