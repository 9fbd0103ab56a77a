using System.Net;
using System.Net.Http.Json;
using Ops.Dashboard.Features.ModelStore.S3;
using Ops.Dashboard.Features.ModelStore.Uploads;
using Ops.Integration.Tests.Features.ModelStore.Conformance;

namespace Ops.Integration.Tests.Features.ModelStore;

/// <summary>What lets the largest file of S3 in, as the page on S3 says it. Announcing it is enough: how it is cut is decided then.</summary>
public sealed class LargestFileTests : IAsyncLifetime
{
    private const int MiB = 1024 * 1024;
    private S3TestStore made = null!;

    public async ValueTask InitializeAsync() => made = await S3TestStore.MakeAsync();

    public ValueTask DisposeAsync()
    {
        made.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Begin_WithTheLimitRaised_TakesTheLargestFileInAtMostTenThousandParts()
    {
        await using var host = await StartAsync(S3PartSizes.LargestObject);
        using var response = await BeginAsync(host, S3PartSizes.LargestObject);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var file = Assert.Single((await response.Content.ReadFromJsonAsync<UploadStatus>())!.Files);
        Assert.Equal(477 * MiB, file.PartSize);
        Assert.InRange(file.PartCount, 1, PartSizes.MaxParts);
        Assert.InRange(S3PartSizes.LargestObject, (file.PartCount - 1L) * file.PartSize + 1, (long)file.PartCount * file.PartSize);
    }

    [Theory]
    [InlineData(null, S3PartSizes.LargestObject)]
    [InlineData(S3PartSizes.LargestObject - 1, S3PartSizes.LargestObject)]
    [InlineData(long.MaxValue, S3PartSizes.LargestObject + 1)]
    public async Task Begin_BeyondTheLimitOrTheStore_IsRefused(long? limit, long size)
    {
        await using var host = await StartAsync(limit);
        using var response = await BeginAsync(host, size);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("An upload has at most", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private Task<UploadHost> StartAsync(long? limit) =>
        UploadHost.StartAsync(store: made.Store, configure: options => options.MaxTotalBytes = limit ?? options.MaxTotalBytes);

    private static async Task<HttpResponseMessage> BeginAsync(UploadHost host, long size) =>
        await (await host.ClientAsync()).TryBeginAsync(new { model = "weights", files = new[] { new { path = "model.gguf", size } } });
}
