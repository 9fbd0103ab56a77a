using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Data;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Integrity;

/// <summary>Asks for the verification of versions, and writes down what it found.</summary>
internal sealed class IntegrityCommands(
    CommandRunner commands, IDbContextFactory<RegistryDb> databases, IntegrityWake wake, TimeProvider time, ILogger<IntegrityCommands> log)
{
    private const int Batch = 500;

    private static Failure NoSuchVersion { get; } = Failure.NotFound("There is no such version.");

    /// <summary>Puts a version into the line. It stays there across restarts until it was verified or somebody takes it out.</summary>
    public Task<Result> RequestAsync(Caller caller, Guid versionId, CancellationToken cancellation = default) =>
        commands.RunAsync(caller, "version.verify", Right.ManageModels, async (scope, token) =>
        {
            if (await FindAsync(scope, versionId, token) is not ({ } version, { } name))
            {
                return NoSuchVersion;
            }

            scope.About("version", versionId, name);
            var requested = version.RequestVerification(scope.Now);
            if (requested.Succeeded)
            {
                scope.Audit("version", versionId, name, after: new { Verify = "requested", version.LastVerifiedAt });
                scope.AfterCommit(wake.Wake);
            }

            return requested;
        }, cancellation);

    /// <summary>Takes a version out of the line, or stops reading it.</summary>
    public Task<Result> CancelAsync(Caller caller, Guid versionId, CancellationToken cancellation = default) =>
        commands.RunAsync(caller, "version.verify-cancel", Right.ManageModels, async (scope, token) =>
        {
            if (await FindAsync(scope, versionId, token) is not ({ } version, { } name))
            {
                return NoSuchVersion;
            }

            scope.About("version", versionId, name);
            var cancelled = version.CancelVerification();
            if (cancelled.Succeeded)
            {
                scope.Audit("version", versionId, name, after: new { Verify = "cancelled" });
                scope.AfterCommit(() => wake.Cancel(versionId));
            }

            return cancelled;
        }, cancellation);

    /// <summary>Writes down a finding: a damaged version is blocked, one that has its bytes again goes back to what it was.</summary>
    /// <returns>False when the version changed meanwhile, so that it must be looked at again.</returns>
    public async Task<bool> RecordAsync(Finding finding, CancellationToken cancellation)
    {
        var known = true;
        string? name = null;
        var recorded = await commands.RunAsSystemAsync(finding.Damage is null ? "version.recover" : "version.damage", async (scope, token) =>
        {
            name = null;
            var version = await scope.Db.Versions.Include(v => v.Files).SingleAsync(v => v.Id == finding.VersionId, token);
            known = !version.IsDeleted && finding.Objects.SetEquals(version.Files.Select(f => f.ObjectId));
            if (!known || (finding.Damage is null ? version.State != VersionState.Damaged : version.State == VersionState.Damaged && version.DamageMessage == finding.Damage))
            {
                return Failure.Conflict("There is nothing to change.");
            }

            var before = new { version.State, version.DamageMessage };
            if (finding.Damage is { } why)
            {
                version.MarkDamaged(why);
            }
            else if (version.Recover() is { Succeeded: false } refused)
            {
                return refused;
            }

            name = $"{await scope.Db.Models.Where(m => m.Id == version.ModelId).Select(m => m.Name).SingleAsync(token)} {version.Number}";
            scope.Audit("version", version.Id, name, before, new { version.State, version.DamageMessage });
            return Result.Done;
        }, cancellation);
        if (!known)
        {
            return false;
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        var now = time.GetUtcNow();
        if (recorded.Succeeded && name is not null)
        {
            Log(name, finding.Damage);
            await LookAtOthersAsync(db, finding, now, cancellation);
        }

        await db.Versions.Where(v => v.Id == finding.VersionId).ExecuteUpdateAsync(
            set => set.SetProperty(v => v.LastVerifiedAt, now).SetProperty(v => v.VerifyRequestedAt, (DateTimeOffset?)null), cancellation);
        return true;
    }

    /// <summary>Puts a version into the line whose bytes looked wrong on the way to somebody.</summary>
    public async Task SuspectAsync(Guid versionId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var now = time.GetUtcNow();
        await db.Versions.Where(v => v.Id == versionId && v.VerifyRequestedAt == null).ExecuteUpdateAsync(
            set => set.SetProperty(v => v.VerifyRequestedAt, (DateTimeOffset?)now), cancellation);
        wake.Wake();
    }

    // Versions that share an object share its fate: what was found of one is looked for in the others at once.
    private static async Task LookAtOthersAsync(RegistryDb db, Finding finding, DateTimeOffset now, CancellationToken cancellation)
    {
        var damaged = finding.Damage is not null;
        foreach (var batch in (damaged ? finding.Damaged : finding.Objects).Chunk(Batch))
        {
            await db.Versions
                .Where(v => v.Id != finding.VersionId && v.VerifyRequestedAt == null && db.VersionFiles.Any(f => f.VersionId == v.Id && batch.Contains(f.ObjectId))
                    && (damaged ? v.State == VersionState.Ready || v.State == VersionState.Archived : v.State == VersionState.Damaged))
                .ExecuteUpdateAsync(set => set.SetProperty(v => v.VerifyRequestedAt, (DateTimeOffset?)now), cancellation);
        }
    }

    private void Log(string name, string? damage)
    {
        if (damage is null)
        {
            log.Recovered(name);
        }
        else
        {
            log.Damaged(name, damage);
        }
    }

    private static async Task<(ModelVersion Version, string Name)?> FindAsync(CommandScope scope, Guid versionId, CancellationToken cancellation)
    {
        var version = await scope.Db.Versions.SingleOrDefaultAsync(v => v.Id == versionId, cancellation);
        return version is null
            ? null
            : (version, $"{await scope.Db.Models.Where(m => m.Id == version.ModelId).Select(m => m.Name).SingleAsync(cancellation)} {version.Number}");
    }
}
