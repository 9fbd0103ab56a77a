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

/// <summary>How long the server takes for a page of the list of models: 10,000 models with 100,000 versions in SQLite.</summary>
internal static class ListsBenchmark
{
    private const int Models = 10_000;
    private const int VersionsEach = 10;
    private const int Rounds = 100;

    /// <summary>Fills a database in a temporary folder, measures, prints, and removes it.</summary>
    public static async Task<int> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("ops-bench-");
        await using (var services = new ServiceCollection().AddLogging().AddSqliteRegistry(Path.Combine(folder.FullName, "ops.db")).BuildServiceProvider())
        {
            await services.GetRequiredService<RegistryMigrator>().MigrateAsync();
            var databases = services.GetRequiredService<IDbContextFactory<RegistryDb>>();
            var filling = Stopwatch.StartNew();
            await ManyModels.FillAsync(databases, Models, VersionsEach);
            Console.WriteLine($"{Models:#,0} models, {Models * VersionsEach:#,0} versions, filled in {filling.Elapsed.TotalSeconds:0} s");
            Console.WriteLine($"{"list",-34}{"page",-8}{"p50 ms",8}{"p95 ms",8}");
            foreach (var (name, filter) in Lists)
            {
                await MeasureAsync(new(databases), name, filter);
            }
        }

        SqliteConnection.ClearAllPools();
        folder.Delete(recursive: true);
        return 0;
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

    private static async Task MeasureAsync(ModelQueries models, string name, ModelListFilter filter)
    {
        List<string?> places = [null];
        for (var place = (await models.ListAsync(filter, null, null)).After; place is not null; place = (await models.ListAsync(filter, place, null)).After)
        {
            places.Add(place);
        }

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
        }
    }
}
