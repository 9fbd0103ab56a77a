using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Ops.Data.Startup;

namespace Ops.Data.Providers;

/// <summary>The registry in one SQLite file.</summary>
public sealed class SqliteRegistryDb(DbContextOptions<SqliteRegistryDb> options) : RegistryDb(options)
{
    // SQLITE_NOTADB
    private const int NotADatabase = 26;

    private string FilePath => Path.GetFullPath(new SqliteConnectionStringBuilder(Database.GetConnectionString()).DataSource);

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);

        // SQLite has no type for moments; ticks in UTC sort and compare as they should.
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcTicks>();
    }

    /// <summary>Takes a lock on a file beside the database, which the system lets go when this process dies.</summary>
    /// <remarks>EF Core keeps its own lock as a row. A process killed meanwhile leaves it behind, and every later start would wait for ever; whoever holds the file knows that such a row is nobody's.</remarks>
    internal override async Task<IAsyncDisposable?> TryBeginMigrationAsync(CancellationToken cancellation)
    {
        FileStream turn;
        try
        {
            turn = new FileStream(FilePath + ".migrating", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (IsHeldByAnother(exception))
        {
            return null;
        }

        try
        {
            if (await this.GetService<IRelationalDatabaseCreator>().ExistsAsync(cancellation))
            {
                await Database.ExecuteSqlRawAsync("""DROP TABLE IF EXISTS "__EFMigrationsLock" """, cancellation);
            }
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode == NotADatabase)
        {
            await turn.DisposeAsync();
            throw new RegistryUnusableException($"{FilePath} is not a SQLite database. Move it away to start with an empty registry, or put a backup in its place.", exception);
        }
        catch
        {
            await turn.DisposeAsync();
            throw;
        }

        return turn;
    }

    /// <summary>Copies the database beside itself. The copy appears under its name only when it is whole and on the disk.</summary>
    internal override async Task<string?> BackUpAsync(string reason, CancellationToken cancellation)
    {
        var copy = $"{FilePath}.before-{reason}";
        var unfinished = copy + ".part";
        File.Delete(unfinished);
        await Database.ExecuteSqlAsync($"VACUUM INTO {unfinished}", cancellation);
        await using (var file = new FileStream(unfinished, FileMode.Open, FileAccess.ReadWrite))
        {
            file.Flush(flushToDisk: true);
        }

        File.Move(unfinished, copy, overwrite: true);
        return copy;
    }

    // EAGAIN on Linux, EAGAIN on macOS, a sharing violation on Windows; anything else, such as a full disk, is not a matter of waiting.
    private static bool IsHeldByAnother(IOException exception) => (exception.HResult & 0xFFFF) is 11 or 35 or 32;

    private sealed class UtcTicks() : ValueConverter<DateTimeOffset, long>(
        moment => moment.UtcTicks,
        ticks => new DateTimeOffset(ticks, TimeSpan.Zero));
}
