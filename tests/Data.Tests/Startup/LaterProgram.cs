using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Ops.Data.Providers;
using Ops.Data.Startup;

namespace Ops.Data.Tests.Startup;

/// <summary>A program of the future: it has one migration more.</summary>
/// <typeparam name="TMigration">What that migration does.</typeparam>
internal sealed class LaterProgram<TMigration>(string file) : IDbContextFactory<RegistryDb>
    where TMigration : Migration
{
    public const string Later = "99990101000000_Later";

    public RegistryMigrator Migrator => new(this, TimeProvider.System, NullLogger<RegistryMigrator>.Instance);

    public RegistryDb CreateDbContext() => new SqliteRegistryDb(new DbContextOptionsBuilder<SqliteRegistryDb>()
        .UseSqlite($"Data Source={file}")
        .AddInterceptors(new SqliteDurability())
        .ReplaceService<IMigrationsAssembly, OneMore>()
        .Options);

#pragma warning disable EF1001 // There is no other way to have a migration that is not in the assembly of the context.
    private sealed class OneMore(
        ICurrentDbContext context, IDbContextOptions options, IMigrationsIdGenerator ids, IDiagnosticsLogger<DbLoggerCategory.Migrations> log)
        : MigrationsAssembly(context, options, ids, log)
    {
        public override IReadOnlyDictionary<string, TypeInfo> Migrations => new SortedDictionary<string, TypeInfo>(base.Migrations.ToDictionary(), StringComparer.Ordinal)
        {
            [Later] = typeof(TMigration).GetTypeInfo(),
        };
    }
#pragma warning restore EF1001
}

/// <summary>This program, on a file of its own.</summary>
internal sealed class ThisProgram(string file) : IDbContextFactory<RegistryDb>
{
    public RegistryMigrator Migrator => new(this, TimeProvider.System, NullLogger<RegistryMigrator>.Instance);

    public RegistryDb CreateDbContext() => new SqliteRegistryDb(new DbContextOptionsBuilder<SqliteRegistryDb>()
        .UseSqlite($"Data Source={file}")
        .AddInterceptors(new SqliteDurability())
        .Options);
}

/// <summary>Does something that can be seen.</summary>
[Migration("99990101000000_Later")]
internal sealed class AddsATable : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("""CREATE TABLE "Later" ("Id" INTEGER)""");
}

/// <summary>Does something, then fails, as a full disk or a kill would make it.</summary>
[Migration("99990101000000_Later")]
internal sealed class BreaksHalfWay : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql("""CREATE TABLE "Later" ("Id" INTEGER)""");
        migrationBuilder.Sql("""INSERT INTO "NoSuchTable" VALUES (1)""");
    }
}
