using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.FileSystem;

namespace Ops.Dashboard.Tests.Features.ModelStore.Stores;

public sealed class StoreCheckRunTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ops-checks-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task TryAsync_OneAfterTheOther_TellsOfEachBeforeTheNextBegins()
    {
        List<string> told = [];
        var run = new StoreCheckRun(check => told.Add($"{check.Name}: {check.Passed}"));

        Assert.True(await run.TryAsync("first", () => Task.FromResult("fine")));
        Assert.False(await run.TryAsync("second", () => throw new IOException($"after {string.Join(", ", told)}")));

        Assert.Equal(["first: True", "second: False"], told);
        Assert.Equal("after first: True", run.Checks[1].Message);
        Assert.True(run.HasFailed);
    }

    [Fact]
    public async Task CheckAsync_OfAStore_TellsWhatWorks()
    {
        List<StoreCheck> told = [];
        var run = new StoreCheckRun(told.Add);

        await new FileSystemStore("disk", folder.FullName).CheckAsync(run, null, default);

        Assert.Equal(["Write an object", "Read it back", "Delete it"], told.Select(check => check.Name));
        Assert.All(told, check => Assert.True(check.Passed));
    }
}
