using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Ops.Data.Startup;
using Ops.Data.Tests.Providers;

namespace Ops.Data.Tests.Startup;

/// <summary>What happens to a database file when programs of different age, or a kill, meet it.</summary>
public sealed class SqliteUpgradeTests(SqliteDatabase database) : RegistryTests<SqliteDatabase>(database), IClassFixture<SqliteDatabase>
{
    private readonly string file = Path.Combine(database.Folder, $"{Guid.NewGuid():N}.db");

    private string Backup => $"{file}.before-{LaterProgram<AddsATable>.Later}";

    [Fact]
    public async Task MigrateAsync_OlderFile_CopiedAsItWasThenChanged()
    {
        await StartAsync();
        await ExecuteAsync(file, """UPDATE "Targets" SET "SettingsJson" = 'mine'""");

        await new LaterProgram<AddsATable>(file).Migrator.MigrateAsync(Cancel);

        Assert.True(await HasTableAsync(file, "Later"));
        Assert.False(await HasTableAsync(Backup, "Later"));
        Assert.Equal("mine", await ReadAsync(Backup, """SELECT "SettingsJson" FROM "Targets" """));
        Assert.Equal("ok", await ReadAsync(Backup, "PRAGMA integrity_check"));
        Assert.False(File.Exists(Backup + ".part"));
    }

    [Fact]
    public async Task MigrateAsync_NothingToDo_NoCopy()
    {
        await StartAsync();
        await StartAsync();
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(file)!, Path.GetFileName(file) + ".before-*"));
    }

    [Fact]
    public async Task MigrateAsync_CopyFromAnAttemptBefore_TakenAnew()
    {
        await StartAsync();
        await File.WriteAllTextAsync(Backup, "half a copy", Cancel);
        await File.WriteAllTextAsync(Backup + ".part", "half a copy", Cancel);

        await new LaterProgram<AddsATable>(file).Migrator.MigrateAsync(Cancel);

        Assert.Equal("ok", await ReadAsync(Backup, "PRAGMA integrity_check"));
    }

    [Fact]
    public async Task MigrateAsync_FileOfANewerProgram_RefusedAndUntouched()
    {
        await new LaterProgram<AddsATable>(file).Migrator.MigrateAsync(Cancel);
        await ExecuteAsync(file, """DELETE FROM "Targets" """);

        var refusal = await Assert.ThrowsAsync<RegistryUnusableException>(StartAsync);

        Assert.Contains(LaterProgram<AddsATable>.Later, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("newer version", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("0", await ReadAsync(file, """SELECT count(*) FROM "Targets" """));
    }

    [Fact]
    public async Task MigrateAsync_MigrationBreaksHalfWay_LeavesTheOldSchema_AndTheNextStartWorks()
    {
        await StartAsync();

        await Assert.ThrowsAsync<SqliteException>(() => new LaterProgram<BreaksHalfWay>(file).Migrator.MigrateAsync(Cancel));

        Assert.False(await HasTableAsync(file, "Later"));
        await StartAsync();
        await new LaterProgram<AddsATable>(file).Migrator.MigrateAsync(Cancel);
        Assert.True(await HasTableAsync(file, "Later"));
    }

    [Fact]
    public async Task MigrateAsync_LockRowLeftByAKilledProcess_DoesNotWaitForEver()
    {
        await StartAsync();
        await ExecuteAsync(file, """
            CREATE TABLE IF NOT EXISTS "__EFMigrationsLock" ("Id" INTEGER NOT NULL CONSTRAINT "PK___EFMigrationsLock" PRIMARY KEY, "Timestamp" TEXT NOT NULL);
            INSERT OR REPLACE INTO "__EFMigrationsLock" VALUES (1, '2026-01-01 00:00:00');
            """);

        await new LaterProgram<AddsATable>(file).Migrator.MigrateAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        Assert.True(await HasTableAsync(file, "Later"));
    }

    [Fact]
    public async Task MigrateAsync_EmptyFileLeftByAKilledProcess_BecomesADatabase()
    {
        await File.WriteAllBytesAsync(file, [], Cancel);
        await StartAsync();
        Assert.Equal("1", await ReadAsync(file, """SELECT count(*) FROM "Targets" """));
    }

    [Fact]
    public async Task MigrateAsync_NotADatabase_RefusedAndUntouched()
    {
        await File.WriteAllTextAsync(file, "Dear diary, this file is not what you think it is. " + new string('.', 4096), Cancel);

        var refusal = await Assert.ThrowsAsync<RegistryUnusableException>(StartAsync);

        Assert.Contains(file, refusal.Message, StringComparison.Ordinal);
        Assert.StartsWith("Dear diary", await File.ReadAllTextAsync(file, Cancel), StringComparison.Ordinal);
    }

    private Task StartAsync() => new ThisProgram(file).Migrator.MigrateAsync(Cancel);

    private static async Task<bool> HasTableAsync(string path, string table) =>
        await ReadAsync(path, $"SELECT count(*) FROM sqlite_master WHERE name = '{table}'") == "1";

    private static async Task ExecuteAsync(string path, string sql) => await ReadAsync(path, sql);

    private static async Task<string?> ReadAsync(string path, string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        await connection.OpenAsync(Cancel);
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The texts are in this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        return Convert.ToString(await command.ExecuteScalarAsync(Cancel));
    }
}
