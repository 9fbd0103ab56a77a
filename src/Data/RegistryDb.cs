using Microsoft.AspNetCore.DataProtection.EntityFrameworkCore;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Ops.Data.Access;
using Ops.Data.Approvals;
using Ops.Data.Audit;
using Ops.Data.ModelStore;
using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Data;

/// <summary>The registry. One instance per operation, from <see cref="IDbContextFactory{TContext}"/>; never one per browser.</summary>
/// <remarks>Each database has a derived class, because migrations hang on the class.</remarks>
public abstract class RegistryDb(DbContextOptions options) : IdentityUserContext<Person, Guid>(options), IDataProtectionKeyContext
{
    /// <summary>The one row about this installation.</summary>
    public DbSet<Installation> Installations => Set<Installation>();

    /// <summary>Models.</summary>
    public DbSet<Model> Models => Set<Model>();

    /// <summary>Complete versions.</summary>
    public DbSet<ModelVersion> Versions => Set<ModelVersion>();

    /// <summary>Files of versions.</summary>
    public DbSet<VersionFile> VersionFiles => Set<VersionFile>();

    /// <summary>Which versions are kept.</summary>
    public DbSet<RetentionRule> RetentionRules => Set<RetentionRule>();

    /// <summary>Moves of versions between stores.</summary>
    public DbSet<VersionMove> VersionMoves => Set<VersionMove>();

    /// <summary>Objects of those moves.</summary>
    public DbSet<VersionMoveFile> VersionMoveFiles => Set<VersionMoveFile>();

    /// <summary>Aliases of models.</summary>
    public DbSet<ModelAlias> Aliases => Set<ModelAlias>();

    /// <summary>Uploads, finished or not.</summary>
    public DbSet<Upload> Uploads => Set<Upload>();

    /// <summary>Files of uploads.</summary>
    public DbSet<UploadFile> UploadFiles => Set<UploadFile>();

    /// <summary>Acknowledged parts.</summary>
    public DbSet<UploadPart> UploadParts => Set<UploadPart>();

    /// <summary>Versions that are, or were, fetched from elsewhere.</summary>
    public DbSet<Transfer> Transfers => Set<Transfer>();

    /// <summary>Model stores.</summary>
    public DbSet<Store> Stores => Set<Store>();

    /// <summary>Which store new versions go to.</summary>
    public DbSet<StoreDefault> StoreDefaults => Set<StoreDefault>();

    /// <summary>Targets.</summary>
    public DbSet<Target> Targets => Set<Target>();

    /// <summary>Endpoints.</summary>
    public DbSet<Endpoint> Endpoints => Set<Endpoint>();

    /// <summary>Tokens of endpoints.</summary>
    public DbSet<EndpointToken> EndpointTokens => Set<EndpointToken>();

    /// <summary>Sealed plans.</summary>
    public DbSet<Plan> Plans => Set<Plan>();

    /// <summary>Rollouts.</summary>
    public DbSet<Rollout> Rollouts => Set<Rollout>();

    /// <summary>What happened during and between rollouts.</summary>
    public DbSet<RolloutEvent> RolloutEvents => Set<RolloutEvent>();

    /// <summary>Decisions on rollouts.</summary>
    public DbSet<Decision> Decisions => Set<Decision>();

    /// <summary>Approval policies, one an environment.</summary>
    public DbSet<ApprovalPolicy> ApprovalPolicies => Set<ApprovalPolicy>();

    /// <summary>The audit, append-only.</summary>
    public DbSet<AuditEntry> AuditEntries => Set<AuditEntry>();

    /// <summary>Who may act.</summary>
    public DbSet<Lease> Leases => Set<Lease>();

    /// <summary>The keys of an installation of several dashboards, encrypted. Empty where they are in the data folder.</summary>
    public DbSet<DataProtectionKey> DataProtectionKeys => Set<DataProtectionKey>();

    /// <inheritdoc/>
    public override int SaveChanges(bool acceptAllChangesOnSuccess)
    {
        RefuseRewrites();
        return base.SaveChanges(acceptAllChangesOnSuccess);
    }

    /// <inheritdoc/>
    public override Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        RefuseRewrites();
        return base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
    }

    /// <summary>Takes the right to migrate, or returns null while another process has it. Disposing gives it back; so does the end of the process, however it ends.</summary>
    internal abstract Task<IAsyncDisposable?> TryBeginMigrationAsync(CancellationToken cancellation);

    /// <summary>Keeps a copy of the database where that is this program's business.</summary>
    /// <param name="reason">A word for the copy's name.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Where the copy is, or null when there is none.</returns>
    internal abstract Task<string?> BackUpAsync(string reason, CancellationToken cancellation);

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);

        // Identity's tables follow options of the web application that migrations cannot see. This and the lengths in AccessConfiguration pin them.
        builder.Ignore<IdentityUserPasskey<Guid>>();
        builder.ApplyConfigurationsFromAssembly(typeof(RegistryDb).Assembly);
    }

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);
        configurationBuilder.Properties<Enum>().HaveConversion<string>();

        // A set of roles is bits, so that "who is an approver" is a question the database can answer.
        configurationBuilder.Properties<Roles>().HaveConversion<int>();
    }

    private void RefuseRewrites()
    {
        foreach (var entry in ChangeTracker.Entries())
        {
            if (entry.State is EntityState.Modified or EntityState.Deleted
                && entry.Entity is (AuditEntry or Decision or Plan or VersionFile or RolloutEvent)
                && !IsMove(entry))
            {
                throw new InvalidOperationException($"A {entry.Metadata.ClrType.Name} is written once and never changed.");
            }
        }
    }

    // The bytes of a file may go elsewhere; which bytes they are is for ever.
    private static bool IsMove(EntityEntry entry) =>
        entry is { State: EntityState.Modified, Entity: VersionFile } && entry.Properties.All(p => !p.IsModified || p.Metadata.Name == nameof(VersionFile.ObjectId));
}
