using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Registry.Queries;
using Ops.Data;
using Ops.Data.Startup;
using Ops.Testing;

namespace Ops.Benchmarks.Registry;

/// <summary>How long the server takes for a page of the list of models: 10,000 models with 100,000 versions, in SQLite and in PostgreSQL.</summary>
internal static class ListsBenchmark
{
    private const int Models = 10_000;
    private const int VersionsEach = 10;
    private const int Rounds = 100;
    private const double LongestMs = 100;

    /// <summary>Fills a database in a temporary folder and one on a PostgreSQL of its own, measures, prints, and removes them.</summary>
    /// <returns>0 when every page's 95th percentile is at most 100 ms.</returns>
    public static async Task<int> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("ops-bench-");
        var longest = await FillAndMeasureAsync("SQLite", services => services.AddSqliteRegistry(Path.Combine(folder.FullName, "ops.db")));
        SqliteConnection.ClearAllPools();
        folder.Delete(recursive: true);
        var postgres = await PostgresServer.CreateDatabaseAsync();
        longest = Math.Max(longest, await FillAndMeasureAsync("PostgreSQL", services => services.AddPostgresRegistry(postgres)));
        await PostgresServer.DropDatabaseAsync(postgres);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"slowest p95 {longest:0.0} ms (at most {LongestMs:0} ms)"));
        return longest <= LongestMs ? 0 : 1;
    }

    private static async Task<double> FillAndMeasureAsync(string provider, Action<IServiceCollection> add)
    {
        var collection = new ServiceCollection().AddLogging();
        add(collection);
        await using var services = collection.BuildServiceProvider();
        await services.GetRequiredService<RegistryMigrator>().MigrateAsync();
        var databases = services.GetRequiredService<IDbContextFactory<RegistryDb>>();
        var filling = Stopwatch.StartNew();
        await ManyModels.FillAsync(databases, Models, VersionsEach);
        Console.WriteLine($"{provider}: {Models:#,0} models, {Models * VersionsEach:#,0} versions, filled in {filling.Elapsed.TotalSeconds:0} s");
        Console.WriteLine($"{"list",-34}{"page",-8}{"p50 ms",8}{"p95 ms",8}");
        var longest = 0.0;
        foreach (var (name, filter) in Lists)
        {
            longest = Math.Max(longest, await MeasureAsync(new(databases), name, filter));
        }

        return longest;
    }

    private static IEnumerable<(string Name, ModelListFilter Filter)> Lists =>
    [
        ("by name", ModelListFilter.Parse(null, null, null, null)),
        ("by name, search in owner and tags", ModelListFilter.Parse("olga", null, null, null)),
        ("by name, format gguf", ModelListFilter.Parse(null, "gguf", null, null)),
        ("by name, format onnx", ModelListFilter.Parse(null, "onnx", null, null)),
        ("last updated first, format onnx", ModelListFilter.Parse(null, "onnx", null, "-updated")),
        ("last updated first", ModelListFilter.Parse(null, null, null, "-updated")),
        ("most versions first", ModelListFilter.Parse(null, null, null, "-version")),
    ];

    private static async Task<double> MeasureAsync(ModelQueries models, string name, ModelListFilter filter)
    {
        List<string?> places = [null];
        for (var place = (await models.ListAsync(filter, null, null)).After; place is not null; place = (await models.ListAsync(filter, place, null)).After)
        {
            places.Add(place);
        }

        var longest = 0.0;
        foreach (var (page, place) in new[] { ("first", null), ("middle", places[places.Count / 2]), ("last", places[^1]) })
        {
            List<double> took = [];
            for (var round = 0; round < Rounds; round++)
            {
                var start = Stopwatch.GetTimestamp();
                await models.ListAsync(filter, place, null);
                took.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }

            took.Sort();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-34}{page,-8}{took[Rounds / 2],8:0.0}{took[Rounds * 95 / 100],8:0.0}"));
            longest = Math.Max(longest, took[Rounds * 95 / 100]);
        }

        return longest;
    }
}
