using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Data.Startup;
using Ops.Data.Targets;
using Ops.Data.Tests.Providers;

namespace Ops.Data.Tests.Startup;

public abstract class RegistryMigratorTests<TDatabase>(TDatabase database) : IClassFixture<TDatabase>
    where TDatabase : TestDatabase
{
    [Fact]
    public async Task MigrateAsync_Twice_SeedsOnce()
    {
        await database.Migrator.MigrateAsync();
        var first = await ReadAsync();
        await database.Migrator.MigrateAsync();

        Assert.Equal(first, await ReadAsync());
        Assert.Equal(3, first.Policies);
        Assert.Equal(1, first.Targets);
        Assert.NotEqual(Guid.Empty, first.InstallationId);
    }

    [Fact]
    public async Task MigrateAsync_NewInstallation_HasALocalTargetUnderApproval()
    {
        await database.Migrator.MigrateAsync();

        await using var db = database.Open();
        var target = await db.Targets.SingleAsync();
        Assert.Equal((RegistryMigrator.LocalTargetName, TargetKinds.Local, TargetEnvironment.Production), (target.Name, target.Kind, target.Environment));
        var policy = await db.ApprovalPolicies.SingleAsync(p => p.Environment == target.Environment);
        Assert.Equal(1, policy.RequiredApprovals);
    }

    [Fact]
    public async Task Model_AsCompiled_IsWhatTheMigrationsMake()
    {
        await using var db = database.Open();
        Assert.False(db.Database.HasPendingModelChanges(), "Run: dotnet run --project tools/Migrations -- add <Name>");
    }

    private async Task<(int Policies, int Targets, Guid InstallationId)> ReadAsync()
    {
        await using var db = database.Open();
        return (await db.ApprovalPolicies.CountAsync(), await db.Targets.CountAsync(), (await db.Installations.SingleAsync()).InstallationId);
    }
}

public sealed class SqliteMigratorTests(SqliteDatabase database) : RegistryMigratorTests<SqliteDatabase>(database);

public sealed class PostgresMigratorTests(PostgresDatabase database) : RegistryMigratorTests<PostgresDatabase>(database);
