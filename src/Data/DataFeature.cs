using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Ops.Data.Providers;
using Ops.Data.Startup;

namespace Ops.Data;

/// <summary>Registers the registry's database.</summary>
public static class DataFeature
{
    /// <summary>Adds <see cref="IDbContextFactory{TContext}"/> of <see cref="RegistryDb"/> over a SQLite file.</summary>
    /// <param name="services">The services.</param>
    /// <param name="file">The database file; its folder must exist.</param>
    public static IServiceCollection AddSqliteRegistry(this IServiceCollection services, string file)
    {
        var connection = new SqliteConnectionStringBuilder { DataSource = file, ForeignKeys = true, DefaultTimeout = 15 }.ToString();
        return services.AddProvider<SqliteRegistryDb>(options => options.UseSqlite(connection).AddInterceptors(new SqliteDurability()));
    }

    /// <summary>Adds <see cref="IDbContextFactory{TContext}"/> of <see cref="RegistryDb"/> over PostgreSQL.</summary>
    /// <param name="services">The services.</param>
    /// <param name="connectionString">An Npgsql connection string.</param>
    public static IServiceCollection AddPostgresRegistry(this IServiceCollection services, string connectionString) =>
        services.AddProvider<PostgresRegistryDb>(options => options.UseNpgsql(connectionString));

    private static IServiceCollection AddProvider<TDb>(this IServiceCollection services, Action<DbContextOptionsBuilder> configure)
        where TDb : RegistryDb
    {
        services.AddDbContextFactory<TDb>(configure);
        services.AddSingleton<IDbContextFactory<RegistryDb>, ProviderFactory<TDb>>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<RegistryMigrator>();
        services.AddScoped(provider => provider.GetRequiredService<IDbContextFactory<RegistryDb>>().CreateDbContext());
        return services;
    }
}
