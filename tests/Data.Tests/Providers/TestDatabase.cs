using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Data.Startup;
using Ops.Testing;

namespace Ops.Data.Tests.Providers;

/// <summary>An empty database of one provider, thrown away at the end.</summary>
public abstract class TestDatabase : IAsyncLifetime
{
    private readonly List<ServiceProvider> processes = [];

    internal ManualTime Time { get; } = new();

    /// <summary>A context over the database.</summary>
    internal RegistryDb Open() => Services.GetRequiredService<IDbContextFactory<RegistryDb>>().CreateDbContext();

    internal RegistryMigrator Migrator => Services.GetRequiredService<RegistryMigrator>();

    internal ServiceProvider Services => processes.Count > 0 ? processes[0] : Start();

    /// <summary>Stands for one more process of the dashboard that uses the same database.</summary>
    internal ServiceProvider Start()
    {
        var services = new ServiceCollection();
        services.AddLogging();

        // Real time, for the waiting between processes; what the tests stamp comes from Time.
        Register(services);
        var process = services.BuildServiceProvider();
        processes.Add(process);
        return process;
    }

    public async ValueTask InitializeAsync() => await CreateAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }

        await DropAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Takes the database away, so that the next start meets none.</summary>
    internal abstract Task DropAgainAsync();

    private protected abstract void Register(IServiceCollection services);

    private protected abstract Task CreateAsync();

    private protected abstract Task DropAsync();
}

/// <summary>A SQLite file in a folder of its own.</summary>
public sealed class SqliteDatabase : TestDatabase
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ops-data-");

    internal string Folder => folder.FullName;

    internal string FilePath => Path.Combine(folder.FullName, "ops.db");

    private protected override void Register(IServiceCollection services) => services.AddSqliteRegistry(FilePath);

    private protected override Task CreateAsync() => Task.CompletedTask;

    internal override Task DropAgainAsync()
    {
        SqliteConnection.ClearAllPools();
        foreach (var file in folder.EnumerateFiles())
        {
            file.Delete();
        }

        return Task.CompletedTask;
    }

    private protected override Task DropAsync()
    {
        SqliteConnection.ClearAllPools();
        folder.Delete(recursive: true);
        return Task.CompletedTask;
    }
}

/// <summary>A database of a PostgreSQL server.</summary>
public sealed class PostgresDatabase : TestDatabase
{
    private string connectionString = "";

    internal string ConnectionString => connectionString;

    private protected override void Register(IServiceCollection services) => services.AddPostgresRegistry(connectionString);

    private protected override async Task CreateAsync() => connectionString = await PostgresServer.NameDatabaseAsync();

    internal override Task DropAgainAsync() => DropAsync();

    private protected override Task DropAsync() => PostgresServer.DropDatabaseAsync(connectionString);
}
