using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Audit;
using Ops.Data.Startup;
using Ops.Dashboard.Commands;

namespace Ops.Dashboard.Tests.Support;

/// <summary>A registry in a SQLite file of its own, and the runner over it.</summary>
public sealed class TestRegistry : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("ops-registry-").FullName;
    private ServiceProvider? services;

    internal IDbContextFactory<RegistryDb> Databases => Services.GetRequiredService<IDbContextFactory<RegistryDb>>();

    internal CommandRunner Commands => Services.GetRequiredService<CommandRunner>();

    private ServiceProvider Services => services ?? throw new InvalidOperationException("Not started.");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        services = new ServiceCollection().AddLogging().AddSqliteRegistry(Path.Combine(folder, "ops.db")).AddCommands().BuildServiceProvider();
        await services.GetRequiredService<RegistryMigrator>().MigrateAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Services.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }

    internal async Task<(Person Person, Caller Caller)> AddPersonAsync(Roles roles)
    {
        var person = Person.Create($"p-{Guid.NewGuid():N}"[..14], roles, TimeProvider.System.GetUtcNow());
        person.NormalizedUserName = person.UserName!.ToUpperInvariant();
        await using var db = await Databases.CreateDbContextAsync();
        db.Users.Add(person);
        await db.SaveChangesAsync();
        return (person, new(person.Id, person.UserName!, "password", person.SecurityStamp!, Guid.NewGuid().ToString("N")));
    }

    internal async Task<IReadOnlyList<AuditEntry>> AuditOfAsync(Caller caller)
    {
        await using var db = await Databases.CreateDbContextAsync();
        return await db.AuditEntries.AsNoTracking().Where(entry => entry.CorrelationId == caller.CorrelationId).OrderBy(entry => entry.Id).ToListAsync();
    }

    internal async Task<Person> PersonAsync(Guid id)
    {
        await using var db = await Databases.CreateDbContextAsync();
        return await db.Users.AsNoTracking().SingleAsync(person => person.Id == id);
    }

    internal async Task ChangeAsync(Guid id, Action<Person> change)
    {
        await using var db = await Databases.CreateDbContextAsync();
        change(await db.Users.SingleAsync(person => person.Id == id));
        await db.SaveChangesAsync();
    }
}
