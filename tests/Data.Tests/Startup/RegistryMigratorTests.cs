using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;
using Ops.Data.Access;
using Ops.Data.ModelStore;
using Ops.Data.Registry;
using Ops.Data.Startup;
using Ops.Data.Targets;
using Ops.Data.Tests.Providers;

namespace Ops.Data.Tests.Startup;

/// <summary>Each test begins with no database at all.</summary>
public abstract class RegistryMigratorTests<TDatabase> : IAsyncLifetime
    where TDatabase : TestDatabase, new()
{
    private readonly TDatabase database = new();

    public ValueTask InitializeAsync() => database.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        GC.SuppressFinalize(this);
    }

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
    public async Task MigrateAsync_NewInstallation_HasTheStoreOfTheDataFolderAsDefault_AndLeavesTheChoiceOfALaterOne()
    {
        await database.Migrator.MigrateAsync();
        var other = Examples.Store();
        await using (var db = database.Open())
        {
            var store = await db.Stores.SingleAsync();
            Assert.Equal((Store.BuiltInName, StoreKinds.FileSystem, "system"), (store.Name, store.Kind, store.CreatedByName));
            var everything = await db.StoreDefaults.SingleAsync();
            Assert.Equal((StoreDefaultScope.Everything, store.Id), (everything.Scope, everything.StoreId));
            db.Stores.Add(other);
            everything.MoveTo(other.Id);
            await db.SaveChangesAsync();
        }

        await database.Migrator.MigrateAsync();
        await using var fresh = database.Open();
        Assert.Equal(2, await fresh.Stores.CountAsync());
        Assert.Equal(other.Id, (await fresh.StoreDefaults.SingleAsync()).StoreId);
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
    public async Task MigrateAsync_SeveralStartAtOnce_OneDoesItAndAllGoOn()
    {
        var migrators = Enumerable.Range(0, 4).Select(_ => database.Start().GetRequiredService<RegistryMigrator>()).ToList();

        await Task.WhenAll(migrators.Select(m => Task.Run(() => m.MigrateAsync())));

        var after = await ReadAsync();
        Assert.Equal((3, 1), (after.Policies, after.Targets));
    }

    [Fact]
    public async Task MigrateAsync_WhatAnAdministratorChanged_Stays()
    {
        await database.Migrator.MigrateAsync();
        await using (var db = database.Open())
        {
            var policy = await db.ApprovalPolicies.SingleAsync(p => p.Environment == TargetEnvironment.Dev);
            Assert.True(policy.Change(3, Roles.Administrator, true, 5).Succeeded);
            await db.SaveChangesAsync();
        }

        await database.Migrator.MigrateAsync();

        await using var fresh = database.Open();
        Assert.Equal(3, (await fresh.ApprovalPolicies.SingleAsync(p => p.Environment == TargetEnvironment.Dev)).RequiredApprovals);
    }

    [Fact]
    public async Task MigrateAsync_WhileAnotherHasTheTurn_WaitsForIt()
    {
        await database.Migrator.MigrateAsync();
        await using var other = database.Open();

        // The server notices a moment later that the connection of the first migration has gone.
        IAsyncDisposable? turn = null;
        for (var tries = 0; turn is null && tries < 200; tries++)
        {
            turn = await other.TryBeginMigrationAsync(CancellationToken.None);
            await Task.Delay(turn is null ? 100 : 0);
        }

        Assert.NotNull(turn);

        var waiting = database.Migrator.MigrateAsync();
        await Task.Delay(500);
        Assert.False(waiting.IsCompleted);

        await turn.DisposeAsync();
        await waiting.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task MigrateAsync_ModelsOfAnOlderProgram_GetTheFormatOfTheirLatestVersion()
    {
        await database.Migrator.MigrateAsync();
        Model versioned = Examples.Model(), empty = Examples.Model();
        await using (var db = database.Open())
        {
            db.AddRange(versioned, empty);
            db.Add(Examples.Version(versioned));
            db.Add(Examples.Version(versioned, "gguf"));
            await db.SaveChangesAsync();
            await db.GetService<IMigrator>().MigrateAsync("Initial");
        }

        await database.Migrator.MigrateAsync();

        await using var fresh = database.Open();
        Assert.Equal("gguf", (await fresh.Models.SingleAsync(m => m.Id == versioned.Id)).LatestFormat);
        Assert.Null((await fresh.Models.SingleAsync(m => m.Id == empty.Id)).LatestFormat);
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

public sealed class SqliteMigratorTests : RegistryMigratorTests<SqliteDatabase>;

public sealed class PostgresMigratorTests : RegistryMigratorTests<PostgresDatabase>;
