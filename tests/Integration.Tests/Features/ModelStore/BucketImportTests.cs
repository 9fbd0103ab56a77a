using Ops.Dashboard.Features.ModelStore.Imports.Sources;
using Ops.Data.ModelStore;

namespace Ops.Integration.Tests.Features.ModelStore;

public sealed class BucketImportTests
{
    [Fact]
    public async Task Import_FolderOfABucket_FetchesWhatIsBelowItAndNothingBeside()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await StartAsync(origin, "data/teams");
        var ended = await host.WaitForEndAsync(await host.BeginAsync("s3://data/teams/digits"));
        Assert.True(ended.State == TransferState.Completed, ended.FailureMessage);
        var files = await host.VersionAsync();
        Assert.Equal(["labels/en.txt", "model.onnx"], files.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(UploadClient.Onnx, files["model.onnx"]);
    }

    [Theory]
    [InlineData("s3://data/teams/digits", "data/other")]
    [InlineData("s3://data/teams/digits", "data/team")]
    [InlineData("s3://data/teams/digits", null)]
    [InlineData("s3://elsewhere/teams/digits", "data")]
    [InlineData("s3://data/store/objects/ab/abc", "data")]
    [InlineData("s3://data/store", "data")]
    [InlineData("s3://data/", "data")]
    public async Task Begin_PlaceThatIsNotAllowedOrTheStoresOwn_IsRefused(string address, string? allowed)
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await StartAsync(origin, allowed);
        Assert.Equal("address", (await host.TryBeginAsync(address)).Failure?.Field);
    }

    [Fact]
    public async Task Import_ObjectChangesAllTheTime_FailsInTheEnd()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await StartAsync(origin, "data");
        ((FakeBucket)host.Host.Store.ImportBucket!).Changes = true;
        var ended = await host.WaitForEndAsync(await host.BeginAsync("s3://data/teams/digits/model.onnx"));
        Assert.Equal((TransferState.Failed, 2), (ended.State, ended.Attempt));
        Assert.Contains("has changed", ended.FailureMessage, StringComparison.Ordinal);
    }

    private static async Task<ImportHost> StartAsync(OriginServer origin, string? allowed)
    {
        var host = await ImportHost.StartAsync(origin, configure: options =>
        {
            options.MaxAttempts = 2;
            options.AllowedBuckets = allowed is null ? [] : [allowed];
        });
        host.Host.Store.ImportBucket = new FakeBucket();
        return host;
    }

    private sealed class FakeBucket : IImportBucket
    {
        private readonly Dictionary<string, byte[]> objects = new(StringComparer.Ordinal)
        {
            ["teams/digits/"] = [],
            ["teams/digits/model.onnx"] = UploadClient.Onnx,
            ["teams/digits/labels/en.txt"] = "0 1"u8.ToArray(),
            ["teams/digits-old/model.onnx"] = UploadClient.Onnx,
        };

        public bool Changes { get; set; }

        public string BucketName => "data";

        public bool IsOwn(string key) => key.StartsWith("store/objects/", StringComparison.Ordinal) || key is "store" or "store/";

        public async IAsyncEnumerable<BucketObject> ListAsync(string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
        {
            await Task.Yield();
            foreach (var (key, content) in objects.Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal)))
            {
                yield return new BucketObject(key, content.Length, "\"1\"");
            }
        }

        public Task<Stream?> OpenAsync(BucketObject item, long offset, CancellationToken cancellation) =>
            Task.FromResult<Stream?>(Changes ? null : new MemoryStream(objects[item.Key], (int)offset, objects[item.Key].Length - (int)offset));
    }
}
