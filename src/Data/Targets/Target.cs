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

    /// <summary>Settings of the driver, as JSON. Never a secret.</summary>
    public string SettingsJson { get; private set; } = "{}";

    /// <summary>Secrets of the driver, such as a kubeconfig, encrypted by the dashboard; null without any.</summary>
    public string? ProtectedSecrets { get; private set; }

    /// <summary>When it was added.</summary>
    public DateTimeOffset CreatedAt { get; private init; }

    /// <summary>When it was taken out of use; null while it is in use.</summary>
    public DateTimeOffset? RetiredAt { get; private set; }

    /// <summary>When it was last changed; null when it never was.</summary>
    public DateTimeOffset? ChangedAt { get; private set; }

    /// <summary>Who changed it last.</summary>
    public string ChangedByName { get; private set; } = "";

    /// <summary>Optimistic concurrency token, and how dashboards notice a change that another one made.</summary>
    public int Revision { get; private set; }

    /// <summary>Makes a target.</summary>
    public static Result<Target> Create(string name, string kind, TargetEnvironment environment, DateTimeOffset now) =>
        Create(new() { Id = Guid.CreateVersion7(now), Name = name, Kind = kind, Environment = environment, Now = now });

    /// <summary>Makes a target.</summary>
    /// <param name="details">What it is; its settings were checked by whoever knows its kind.</param>
    public static Result<Target> Create(NewTarget details)
    {
        var check = Names.Check(details.Name, "name");
        return check.Succeeded
            ? new Target
            {
                Id = details.Id,
                Name = details.Name,
                Kind = details.Kind,
                Environment = details.Environment,
                SettingsJson = details.SettingsJson,
                ProtectedSecrets = details.ProtectedSecrets,
                CreatedAt = details.Now,
                ChangedByName = details.ByName,
            }
            : check.Failure;
    }

    /// <summary>Moves it to another environment, and so under another approval policy.</summary>
    public void SetEnvironment(TargetEnvironment environment)
    {
        Environment = environment;
        Revision++;
    }

    /// <summary>Changes how it is reached and what may run on it.</summary>
    public Result Change(string settingsJson, string? protectedSecrets, string byName, DateTimeOffset now)
    {
        if (Kind == TargetKinds.Local)
        {
            return Failure.Conflict("The local target has nothing to set here: its settings are in the configuration.");
        }

        if (RetiredAt is not null)
        {
            return Failure.Conflict($"{Name} is retired. Take it back first.");
        }

        (SettingsJson, ProtectedSecrets) = (settingsJson, protectedSecrets);
        Touch(byName, now);
        return Result.Done;
    }

    /// <summary>Takes it out of use. Whoever calls this has made sure that nothing runs on it.</summary>
    public Result Retire(string byName, DateTimeOffset now)
    {
        if (Kind == TargetKinds.Local)
        {
            return Failure.Conflict("The local target stays: it is the machine the dashboard runs on.");
        }

        if (RetiredAt is not null)
        {
            return Failure.Conflict($"{Name} is retired already.");
        }

        RetiredAt = now;
        Touch(byName, now);
        return Result.Done;
    }

    /// <summary>Undoes <see cref="Retire"/>.</summary>
    public Result Restore(string byName, DateTimeOffset now)
    {
        if (RetiredAt is null)
        {
            return Failure.Conflict($"{Name} is not retired.");
        }

        RetiredAt = null;
        Touch(byName, now);
        return Result.Done;
    }

    private void Touch(string byName, DateTimeOffset now)
    {
        (ChangedByName, ChangedAt) = (byName, now);
        Revision++;
    }
}

/// <summary>What <see cref="Target.Create(NewTarget)"/> needs.</summary>
public sealed record NewTarget
{
    /// <summary>The key; secrets are encrypted for it alone.</summary>
    public required Guid Id { get; init; }

    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>One of <see cref="TargetKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Its environment.</summary>
    public required TargetEnvironment Environment { get; init; }

    /// <summary>Settings as JSON, without secrets.</summary>
    public string SettingsJson { get; init; } = "{}";

    /// <summary>Encrypted secrets, or null.</summary>
    public string? ProtectedSecrets { get; init; }

    /// <summary>Who makes it; empty for the system.</summary>
    public string ByName { get; init; } = "";

    /// <summary>The time.</summary>
    public required DateTimeOffset Now { get; init; }
}
