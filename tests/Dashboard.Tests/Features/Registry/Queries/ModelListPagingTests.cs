using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Registry.Queries;
using Ops.Data;
using Ops.Data.Startup;
using Ops.Testing;

namespace Ops.Dashboard.Tests.Features.Registry.Queries;

/// <summary>Ten thousand models in a database, made once for all tests of a class.</summary>
public abstract class TenThousandModels : IAsyncLifetime
{
    private ServiceProvider? services;

    internal IDbContextFactory<RegistryDb> Databases => services!.GetRequiredService<IDbContextFactory<RegistryDb>>();

    public async ValueTask InitializeAsync()
    {
        var collection = new ServiceCollection().AddLogging();
        await RegisterAsync(collection);
        services = collection.BuildServiceProvider();
        await services.GetRequiredService<RegistryMigrator>().MigrateAsync();
        await ManyModels.FillAsync(Databases, models: 10_000, versionsEach: 0);
    }

    public async ValueTask DisposeAsync()
    {
        await services!.DisposeAsync();
        await DropAsync();
        GC.SuppressFinalize(this);
    }

    private protected abstract Task RegisterAsync(IServiceCollection collection);

    private protected abstract Task DropAsync();
}

public sealed class TenThousandInSqlite : TenThousandModels
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ops-paging-");

    private protected override Task RegisterAsync(IServiceCollection collection)
    {
        collection.AddSqliteRegistry(Path.Combine(folder.FullName, "ops.db"));
        return Task.CompletedTask;
    }

    private protected override Task DropAsync()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        folder.Delete(recursive: true);
        return Task.CompletedTask;
    }
}

public sealed class TenThousandInPostgres : TenThousandModels
{
    private string connection = "";

    private protected override async Task RegisterAsync(IServiceCollection collection)
    {
        connection = await PostgresServer.NameDatabaseAsync();
        collection.AddPostgresRegistry(connection);
    }

    private protected override Task DropAsync() => PostgresServer.DropDatabaseAsync(connection);
}

public sealed class SqliteModelListPagingTests(TenThousandInSqlite many) : ModelListPagingTests(many), IClassFixture<TenThousandInSqlite>;

public sealed class PostgresModelListPagingTests(TenThousandInPostgres many) : ModelListPagingTests(many), IClassFixture<TenThousandInPostgres>;

public abstract class ModelListPagingTests(TenThousandModels many)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("name", null)]
    [InlineData("-updated", null)]
    [InlineData("version", null)]
    [InlineData("-name", "olga")]
    [InlineData("updated", "LUCKY uli")]
    [InlineData("-version", "m-0012")]
    public Task ListAsync_ForthAndBack_NoGapsNoRepeats(string sort, string? search) => PagingBehaviour.WalkAsync(many.Databases, sort, search, Cancel);

    [Theory]
    [InlineData("name", "zzz")]
    [InlineData("updated", "7fffffffffffffff_00000000000000000000000000000000")]
    [InlineData("updated", "-1_00000000000000000000000000000000")]
    [InlineData("version", "999_ffffffffffffffffffffffffffffffff")]
    [InlineData("version", "nonsense")]
    [InlineData("version", "1_2_3")]
    [InlineData("updated", "' OR 1=1 --")]
    public async Task ListAsync_PlaceThatIsNone_BeginsAtTheBeginning(string sort, string place)
    {
        var models = new ModelQueries(many.Databases);
        var filter = ModelListFilter.Parse(null, null, null, sort);

        var page = await models.ListAsync(filter, place, null, Cancel);

        var first = await models.ListAsync(filter, null, null, Cancel);
        Assert.Equal(first.Rows.Select(r => r.Id), page.Rows.Select(r => r.Id));
        Assert.Null(page.Before);
    }

    [Theory]
    [InlineData("100%")]
    [InlineData("m_00")]
    [InlineData("<script>")]
    [InlineData("'; DROP TABLE Models; --")]
    public async Task ListAsync_SearchWithSpecialCharacters_MatchesThemOnlyAsText(string search) =>
        Assert.Empty((await new ModelQueries(many.Databases).ListAsync(ModelListFilter.Parse(search, null, null, null), null, null, Cancel)).Rows);
}
