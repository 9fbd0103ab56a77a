using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Sqlite.Design.Internal;
using Microsoft.Extensions.DependencyInjection;
using Npgsql.EntityFrameworkCore.PostgreSQL.Design.Internal;
using Ops.Data.Providers;
using Ops.Data.Startup;

namespace Ops.Migrations;

/// <summary>What the program can do; each returns the exit code.</summary>
internal static class Commands
{
    /// <summary>Writes the next migration of both providers.</summary>
    public static int Add(string name) => Write(name, fromNothing: false);

    /// <summary>Writes the first migration anew, for a schema that no installation has yet.</summary>
    public static int Reset() => Write("Initial", fromNothing: true);

    /// <summary>Exits 1 when the code has changes that no migration makes.</summary>
    public static int Check()
    {
        var behind = 0;
        foreach (var provider in Providers())
        {
            using var db = provider.Db;
            if (db.Database.HasPendingModelChanges())
            {
                Console.Error.WriteLine($"{provider.Name}: the model has changes without a migration.");
                behind = 1;
            }
        }

        return behind;
    }

    /// <summary>Brings a database up to date and seeds it, as a start of the dashboard does.</summary>
    public static async Task<int> ApplyAsync(Action<IServiceCollection> addRegistry)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        addRegistry(services);
        await using var provider = services.BuildServiceProvider();
        try
        {
            await provider.GetRequiredService<RegistryMigrator>().MigrateAsync();
            return 0;
        }
        catch (RegistryUnusableException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
    }

    /// <summary>Says what the program can do.</summary>
    public static int Usage()
    {
        Console.Error.WriteLine("""
            add <Name>   write the migration <Name> for SQLite and PostgreSQL into src/Data/Migrations
            check        exit 1 when the model has changes without a migration
            apply sqlite <file> | apply postgres <connection string>
                         bring a database up to date without starting the dashboard
            reset        delete all migrations and write Initial anew (only before a release)
            """);
        return 2;
    }

    private static int Write(string name, bool fromNothing)
    {
        // Both are worked out before either is written, so that a mistake leaves no half of a pair.
        var providers = Providers();
        var writes = providers.Select(p => p.Prepare(name, fromNothing)).ToList();
        foreach (var write in writes)
        {
            write();
        }

        foreach (var provider in providers)
        {
            provider.Db.Dispose();
        }

        return 0;
    }

    // The generators of both providers are marked as internal to EF Core, yet there is no other way to call them without dotnet-ef.
#pragma warning disable EF1001
    private static List<Scaffold> Providers() =>
    [
        new(
            "Sqlite",
            new SqliteRegistryDb(new DbContextOptionsBuilder<SqliteRegistryDb>().UseSqlite("Data Source=:memory:").Options),
            new SqliteDesignTimeServices()),
        new(
            "Postgres",
            new PostgresRegistryDb(new DbContextOptionsBuilder<PostgresRegistryDb>().UseNpgsql("Host=localhost").Options),
            new NpgsqlDesignTimeServices()),
    ];
#pragma warning restore EF1001
}
