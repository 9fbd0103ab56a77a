namespace Ops.Data.ModelStore;

/// <summary>The kinds of stores that this program knows.</summary>
public static class StoreKinds
{
    /// <summary>A folder of a disk.</summary>
    public const string FileSystem = "filesystem";

    /// <summary>A bucket of MinIO, AWS S3 or any server that speaks the same protocol.</summary>
    public const string S3 = "s3";
}

/// <summary>Where bytes of versions live, as administrators set it up. Versions and uploads name it, so the name never changes.</summary>
public sealed class Store
{
    /// <summary>The store in the data folder, which every installation has.</summary>
    public const string BuiltInName = StoreKinds.FileSystem;

    private Store()
    {
    }

    /// <summary>The key.</summary>
    public Guid Id { get; private init; }

    /// <summary>The unique name, an RFC 1123 label.</summary>
    public string Name { get; private init; } = "";

    /// <summary>One of <see cref="StoreKinds"/>.</summary>
    public string Kind { get; private init; } = "";

    /// <summary>Settings of the kind, as JSON. Never a secret.</summary>
    public string SettingsJson { get; private set; } = "{}";

    /// <summary>Secrets of the kind, encrypted by the dashboard, or null without any.</summary>
    public string? ProtectedSecrets { get; private set; }

    /// <summary>When it was retired: it takes no new versions, and is tried no more.</summary>
    public DateTimeOffset? RetiredAt { get; private set; }

    /// <summary>When it was added.</summary>
    public DateTimeOffset CreatedAt { get; private init; }

    /// <summary>Who added it.</summary>
    public string CreatedByName { get; private init; } = "";

    /// <summary>When it was last changed.</summary>
    public DateTimeOffset ChangedAt { get; private set; }

    /// <summary>Who changed it last.</summary>
    public string ChangedByName { get; private set; } = "";

    /// <summary>Optimistic concurrency token, and how dashboards notice a change that another one made.</summary>
    public int Revision { get; private set; }

    /// <summary>Whether it is the one in the data folder.</summary>
    public bool IsBuiltIn => Name == BuiltInName;

    /// <summary>Makes a store.</summary>
    /// <param name="details">What it is; its settings were checked by its kind.</param>
    public static Result<Store> Create(NewStore details)
    {
        var check = Names.Check(details.Name, "name");
        return check.Succeeded
            ? new Store
            {
                Id = details.Id,
                Name = details.Name,
                Kind = details.Kind,
                SettingsJson = details.SettingsJson,
                ProtectedSecrets = details.ProtectedSecrets,
                CreatedAt = details.Now,
                CreatedByName = details.ByName,
                ChangedAt = details.Now,
                ChangedByName = details.ByName,
            }
            : check.Failure;
    }

    /// <summary>Changes how it is reached. What it holds must be there as before; the kind's checks are about that.</summary>
    public Result Change(string settingsJson, string? protectedSecrets, string byName, DateTimeOffset now)
    {
        if (IsBuiltIn)
        {
            return Failure.Conflict("The store of the data folder has nothing to set: it is where Ops:DataPath says.");
        }

        if (RetiredAt is not null)
        {
            return Failure.Conflict($"{Name} is retired. Take it back first.");
        }

        (SettingsJson, ProtectedSecrets) = (settingsJson, protectedSecrets);
        Touch(byName, now);
        return Result.Done;
    }

    /// <summary>Takes it out of use. Whoever calls this has made sure that nothing needs it.</summary>
    public Result Retire(string byName, DateTimeOffset now)
    {
        if (IsBuiltIn)
        {
            return Failure.Conflict("The store of the data folder stays. Make another store the default if it should take no more versions.");
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

/// <summary>What <see cref="Store.Create"/> needs.</summary>
public sealed record NewStore
{
    /// <summary>The key; secrets are encrypted for it alone.</summary>
    public required Guid Id { get; init; }

    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>One of <see cref="StoreKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Settings as JSON, without secrets.</summary>
    public string SettingsJson { get; init; } = "{}";

    /// <summary>Encrypted secrets, or null.</summary>
    public string? ProtectedSecrets { get; init; }

    /// <summary>Who makes it.</summary>
    public required string ByName { get; init; }

    /// <summary>The time.</summary>
    public required DateTimeOffset Now { get; init; }
}

/// <summary>For which versions a store is the default.</summary>
public enum StoreDefaultScope
{
    /// <summary>All for which nothing else is said. There is always one.</summary>
    Everything,

    /// <summary>Versions meant for development.</summary>
    Dev,

    /// <summary>Versions meant for staging.</summary>
    Staging,

    /// <summary>Versions meant for production.</summary>
    Production,
}

/// <summary>The one default store of a scope. A row of its own, so that the database allows no two.</summary>
public sealed class StoreDefault
{
    private StoreDefault()
    {
    }

    /// <summary>For what; the key.</summary>
    public StoreDefaultScope Scope { get; private init; }

    /// <summary>The store.</summary>
    public Guid StoreId { get; private set; }

    /// <summary>Makes it.</summary>
    public static StoreDefault Of(StoreDefaultScope scope, Guid storeId) => new() { Scope = scope, StoreId = storeId };

    /// <summary>Moves the default to another store.</summary>
    public void MoveTo(Guid storeId) => StoreId = storeId;
}
