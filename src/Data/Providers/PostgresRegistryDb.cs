using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Npgsql;

namespace Ops.Data.Providers;

/// <summary>The registry in PostgreSQL.</summary>
public sealed class PostgresRegistryDb(DbContextOptions<PostgresRegistryDb> options) : RegistryDb(options)
{
    // Any number does, as long as every version of Ops takes the same one.
    private const long MigrationLock = 7_203_118_540_221;

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);

        // Names sort by their bytes, as they do in SQLite, whatever language the cluster was set up in.
        configurationBuilder.Properties<string>().UseCollation("C");

        // timestamptz takes only moments in UTC.
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<Utc>();
    }

    /// <summary>Takes a lock of the session, which the server lets go when this process dies. Makes the database where it is missing.</summary>
    internal override async Task<IAsyncDisposable?> TryBeginMigrationAsync(CancellationToken cancellation)
    {
        if (!await TryCreateIfMissingAsync(cancellation))
        {
            return null;
        }

        // Not pooled, so that closing the connection ends the session and with it the lock.
        var settings = new NpgsqlConnectionStringBuilder(Database.GetConnectionString()) { Pooling = false };
        var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellation);
            await using var command = new NpgsqlCommand("SELECT pg_try_advisory_lock($1)", connection) { Parameters = { new() { Value = MigrationLock } } };
            if (await command.ExecuteScalarAsync(cancellation) is true)
            {
                return connection;
            }
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        await connection.DisposeAsync();
        return null;
    }

    /// <summary>Does nothing: every migration is one transaction here, and backups of a server are its administrator's.</summary>
    internal override Task<string?> BackUpAsync(string reason, CancellationToken cancellation) => Task.FromResult<string?>(null);

    private async Task<bool> TryCreateIfMissingAsync(CancellationToken cancellation)
    {
        var creator = this.GetService<IRelationalDatabaseCreator>();
        if (await creator.ExistsAsync(cancellation))
        {
            return true;
        }

        try
        {
            await creator.CreateAsync(cancellation);
            return true;
        }
        catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.DuplicateDatabase
            or PostgresErrorCodes.UniqueViolation
            or PostgresErrorCodes.ObjectInUse)
        {
            // Another process that starts at the same time is making it.
            return false;
        }
    }

    private sealed class Utc() : ValueConverter<DateTimeOffset, DateTimeOffset>(moment => moment.ToUniversalTime(), moment => moment);
}
