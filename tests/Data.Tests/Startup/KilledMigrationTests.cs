using System.Diagnostics;
using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Ops.Data.Tests.Providers;

namespace Ops.Data.Tests.Startup;

/// <summary>SIGKILL at any moment of the first start leaves nothing that the next start cannot go on from.</summary>
public abstract class KilledMigrationTests<TDatabase> : IAsyncLifetime
    where TDatabase : TestDatabase, new()
{
    private static readonly string Tool = typeof(KilledMigrationTests<>).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(a => a.Key == "MigrationsTool").Value!;

    private readonly TDatabase database = new();

    private protected abstract string[] Arguments(TDatabase of);

    public ValueTask InitializeAsync() => database.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task MigrateAsync_KilledAgainAndAgain_TheNextStartFinishes()
    {
        var whole = await RunAsync(killAfter: null);
        await database.DropAgainAsync();

        // From before the first statement to after the last; the random part makes every run try other moments.
        for (var part = 0.35; part < 1; part += 0.1)
        {
            await RunAsync(whole * (part + (Random.Shared.NextDouble() * 0.1)));
        }

        await database.Migrator.MigrateAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        await using var db = database.Open();
        Assert.Empty(await db.Database.GetPendingMigrationsAsync(TestContext.Current.CancellationToken));
        Assert.Equal((3, 1, 1), (await db.ApprovalPolicies.CountAsync(), await db.Targets.CountAsync(), await db.Installations.CountAsync()));
        Assert.Equal(0, await db.Rollouts.CountAsync());
    }

    private async Task<TimeSpan> RunAsync(TimeSpan? killAfter)
    {
        var started = Stopwatch.StartNew();
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Tool, "apply", .. Arguments(database)]) { RedirectStandardError = true })
            ?? throw new InvalidOperationException("dotnet did not start.");
        var errors = process.StandardError.ReadToEndAsync();
        if (killAfter is { } moment)
        {
            await Task.Delay(moment);
            process.Kill();
        }

        await process.WaitForExitAsync();
        Assert.True(killAfter is not null || process.ExitCode == 0, await errors);
        return started.Elapsed;
    }
}

public sealed class SqliteKilledMigrationTests : KilledMigrationTests<SqliteDatabase>
{
    private protected override string[] Arguments(SqliteDatabase of) => ["sqlite", of.FilePath];
}

public sealed class PostgresKilledMigrationTests : KilledMigrationTests<PostgresDatabase>
{
    private protected override string[] Arguments(PostgresDatabase of) => ["postgres", of.ConnectionString];
}
