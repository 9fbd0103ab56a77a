using Ops.Dashboard.Features.Registry.Queries;
using Ops.Dashboard.Tests.Support;
using Ops.Data;
using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Tests.Features.Registry.Queries;

public sealed class ModelQueriesTests(TestRegistry registry) : IClassFixture<TestRegistry>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ModelQueries Models => new(registry.Databases);

    private VersionQueries Versions => new(registry.Databases);

    [Fact]
    public async Task ListAsync_Row_TellsLatestVersionAliasesAndWhereItRuns()
    {
        var example = await RegistryExamples.AddAsync(registry, versions: 3);
        await example.ServeAsync(1, "stable-here");
        await example.RollAsync(3, "coming-there");
        await example.AliasAsync("champion", 2);

        var row = Assert.Single((await Models.ListAsync(ModelListFilter.Parse(example.Model.Name, null, null, null), null, null, Cancel)).Rows);

        Assert.Equal((3, "onnx", 103L), (row.LatestVersion, row.Format, row.SizeBytes));
        Assert.Equal(["champion:2"], row.Aliases.Select(a => $"{a.Name}:{a.Version}"));
        Assert.Equal(
            [$"coming-there-{example.Suffix} 3 True", $"stable-here-{example.Suffix} 1 False"],
            row.Runs.Select(r => $"{r.Endpoint} {r.Version} {r.Rolling}"));
        Assert.All(row.Runs, r => Assert.Equal(TargetEnvironment.Staging, r.Environment));
    }

    [Fact]
    public async Task ListAsync_RetiredEndpointAndReplicasOnly_NotTwiceAndNotAtAll()
    {
        var example = await RegistryExamples.AddAsync(registry, versions: 1);
        var endpoint = await example.ServeAsync(1, "scaled");
        await example.RollAsync(1, endpoint);
        await example.RetireAsync(await example.ServeAsync(1, "gone"));

        var row = Assert.Single((await Models.ListAsync(ModelListFilter.Parse(example.Model.Name, null, null, null), null, null, Cancel)).Rows);

        Assert.Equal([$"scaled-{example.Suffix} False"], row.Runs.Select(r => $"{r.Endpoint} {r.Rolling}"));
    }

    [Fact]
    public async Task ListAsync_StateAndFormat_Narrow()
    {
        var used = await RegistryExamples.AddAsync(registry, versions: 1);
        var archived = await RegistryExamples.AddAsync(registry, versions: 1, format: "gguf");
        await archived.ChangeModelAsync(m => m.Archive(TimeProvider.System.GetUtcNow()));
        var both = new[] { used.Model.Name, archived.Model.Name };

        async Task<IEnumerable<string>> NamesAsync(string? format, string? state) =>
            (await Models.ListAsync(ModelListFilter.Parse(null, format, state, "-updated"), null, null, Cancel)).Rows.Select(r => r.Name).Where(both.Contains).Order(StringComparer.Ordinal);

        Assert.Equal([used.Model.Name], await NamesAsync(null, null));
        Assert.Equal([archived.Model.Name], await NamesAsync(null, "archived"));
        Assert.Equal(both.Order(StringComparer.Ordinal), await NamesAsync(null, "all"));
        Assert.Equal([archived.Model.Name], await NamesAsync("gguf", "all"));
        Assert.Empty(await NamesAsync("gguf", null));
    }

    [Fact]
    public async Task FindAsync_UnknownNames_Null()
    {
        Assert.Null(await Models.FindAsync("there-is-none", Cancel));
        Assert.Null(await Models.FindAsync("../../etc/passwd", Cancel));
        Assert.Null(await Versions.FindAsync("there-is-none", 1, Cancel));
        var example = await RegistryExamples.AddAsync(registry, versions: 1);
        Assert.Null(await Versions.FindAsync(example.Model.Name, 2, Cancel));
        Assert.NotNull(await Versions.FindAsync(example.Model.Name, 1, Cancel));
    }

    [Fact]
    public async Task FindAsync_Version_HasFilesRunsAndTheVersionWithTheSameBytes()
    {
        var example = await RegistryExamples.AddAsync(registry, versions: 2, sameBytes: true);
        await example.ServeAsync(2, "serves");

        var version = (await Versions.FindAsync(example.Model.Name, 2, Cancel))!;

        Assert.Equal(1, version.SameAs);
        Assert.Equal(["labels.txt", "model.onnx"], version.Files.Select(f => f.Path));
        Assert.Equal([$"serves-{example.Suffix}"], version.Runs.Select(r => r.Endpoint));
        Assert.Empty((await Versions.FindAsync(example.Model.Name, 1, Cancel))!.Runs);
    }

    [Fact]
    public async Task ListAsync_Versions_NewestFirstInPages()
    {
        var example = await RegistryExamples.AddAsync(registry, versions: VersionQueries.PageSize + 2);

        var first = await Versions.ListAsync(example.Model.Id, null, cancellation: Cancel);
        var second = await Versions.ListAsync(example.Model.Id, first.Rows[^1].Number, cancellation: Cancel);

        Assert.Equal((VersionQueries.PageSize + 2, 3, true), (first.Rows[0].Number, first.Rows[^1].Number, first.HasOlder));
        Assert.Equal([2, 1], second.Rows.Select(v => v.Number));
        Assert.False(second.HasOlder);
    }
}
