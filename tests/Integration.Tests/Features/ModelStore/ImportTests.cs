using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Ops.Data.ModelStore;

namespace Ops.Integration.Tests.Features.ModelStore;

public sealed class ImportTests
{
    private const int Part = 8 * 1024 * 1024;
    private const int Large = (2 * Part) + 1000;

    [Fact]
    public async Task Import_FileOfAWebServer_BecomesAVersionWithItsOrigin()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        origin.Put("/models/digits.onnx", UploadClient.Onnx);

        var ended = await host.WaitForEndAsync(await host.BeginAsync(origin.UrlOf("/models/digits.onnx?sig=secret")));

        Assert.Equal((TransferState.Completed, 1), (ended.State, ended.VersionNumber));
        Assert.Equal(UploadClient.Onnx, Assert.Single(await host.VersionAsync(), file => file.Key == "digits.onnx").Value);
        Assert.Null(ended.ProtectedAddress);
        Assert.DoesNotContain("secret", ended.Source, StringComparison.Ordinal);
        await using var db = host.Host.Db();
        var version = await db.Versions.SingleAsync();
        Assert.Equal(host.Person.Id, version.UploadedById);
        Assert.Contains("digits.onnx", version.LineageJson, StringComparison.Ordinal);
        var audit = await db.AuditEntries.ToListAsync();
        Assert.Equal(["import.begin", "import.fetch", "import.verify", "version.create"], audit.Select(entry => entry.Action).Distinct().Order(StringComparer.Ordinal));
        Assert.DoesNotContain(audit, entry => (entry.AfterJson + entry.BeforeJson).Contains("secret", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Import_ConnectionBreaks_GoesOnFromTheLastPart(bool knowsRanges)
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        var content = ImportHost.Gguf(Large);
        var file = origin.Put("/m.gguf", content);
        (file.BreakAt, file.Breaks, file.KnowsRanges, file.BeforeBreak) = (Part + 500_000, 1, knowsRanges, () => host.WaitForPartsAsync(1));

        var ended = await host.WaitForEndAsync(await host.BeginAsync(origin.UrlOf("/m.gguf")));

        Assert.Equal((TransferState.Completed, 2), (ended.State, ended.Attempt));
        Assert.Equal(content, (await host.VersionAsync())["m.gguf"]);
        Assert.Contains(origin.Requests, request => request.Range == $"bytes={Part}-");
        Assert.Equal(3, host.Host.Store.Writes);
    }

    [Fact]
    public async Task Import_DashboardRestartsInTheMiddle_GoesOnFromTheLastPart()
    {
        await using var origin = await OriginServer.StartAsync();
        var first = await ImportHost.StartAsync(origin);
        var content = ImportHost.Gguf(Large);
        var file = origin.Put("/m.gguf", content);
        file.StandAt = Part + 1000;
        var id = await first.BeginAsync(origin.UrlOf("/m.gguf"));
        await file.Stands.Task;
        await first.WaitForPartsAsync(1);
        await first.Host.StopAsync();

        file.StandAt = null;
        await using var second = await ImportHost.StartAsync(origin, first.Host.Root, first.Person);
        var ended = await second.WaitForEndAsync(id);

        Assert.Equal(TransferState.Completed, ended.State);
        Assert.Equal(content, (await second.VersionAsync())["m.gguf"]);
        Assert.Contains(origin.Requests, request => request.Range == $"bytes={Part}-");
    }

    [Fact]
    public async Task Import_FileChangesBetweenTwoTries_IsFetchedAnew()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        var file = origin.Put("/m.gguf", ImportHost.Gguf(Large));
        (file.BreakAt, file.Breaks, file.BeforeBreak) = (Part + 1000, -1, () => host.WaitForPartsAsync(1));
        var id = await host.BeginAsync(origin.UrlOf("/m.gguf"));
        await host.WaitForPartsAsync(1);

        var changed = ImportHost.Gguf(Large, seed: 2);
        (file.Content, file.ETag, file.Breaks, file.BreakAt) = (changed, "\"other\"", 0, null);
        var ended = await host.WaitForEndAsync(id);

        Assert.Equal(TransferState.Completed, ended.State);
        Assert.Equal(changed, (await host.VersionAsync())["m.gguf"]);
    }

    [Theory]
    [InlineData("person")]
    [InlineData("header")]
    [InlineData("sidecar")]
    public async Task Import_ChecksumDoesNotFit_IsRefusedAndLeavesNothing(string from)
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        var file = origin.Put("/m.onnx", UploadClient.Onnx);
        var wrong = new string('a', 64);
        if (from == "header")
        {
            file.Headers["Repr-Digest"] = $"sha-256=:{Convert.ToBase64String(new byte[32])}:";
        }
        else if (from == "sidecar")
        {
            origin.Put("/m.onnx.sha256", System.Text.Encoding.ASCII.GetBytes($"{wrong}  m.onnx\n"));
        }

        var ended = await host.WaitForEndAsync(await host.BeginAsync(origin.UrlOf("/m.onnx"), from == "person" ? wrong : null));

        Assert.Equal(TransferState.Failed, ended.State);
        Assert.Contains("not the expected file", ended.FailureMessage, StringComparison.Ordinal);
        await host.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task Import_ChecksumFits_BecomesAVersion()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        origin.Put("/m.onnx", UploadClient.Onnx);
        origin.Put("/m.onnx.sha256", System.Text.Encoding.ASCII.GetBytes(Convert.ToHexString(SHA256.HashData(UploadClient.Onnx)) + " *m.onnx"));
        var ended = await host.WaitForEndAsync(await host.BeginAsync(origin.UrlOf("/m.onnx"), Convert.ToHexStringLower(SHA256.HashData(UploadClient.Onnx))));
        Assert.Equal(TransferState.Completed, ended.State);
    }

    [Fact]
    public async Task Cancel_WhileItRuns_LeavesNothing()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        var file = origin.Put("/m.gguf", ImportHost.Gguf(Large));
        file.StandAt = Part + 1000;
        var id = await host.BeginAsync(origin.UrlOf("/m.gguf"));
        await host.WaitForPartsAsync(1);

        var cancelled = await host.Host.Get<Dashboard.Features.ModelStore.Imports.TransferCommands>().CancelAsync(host.Caller, id, CancellationToken.None);

        Assert.True(cancelled.Succeeded, cancelled.Failure?.Message);
        await host.AssertNothingIsLeftAsync();
        Assert.Equal(TransferState.Cancelled, (await host.TransferAsync(id)).State);
    }

    [Fact]
    public async Task Import_EndsBetweenThePartAndItsRow_GoesOnAndIsRight()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        var content = ImportHost.Gguf(Large);
        origin.Put("/m.gguf", content);
        host.Host.Store.AfterWrite = () =>
        {
            host.Host.Store.AfterWrite = null;
            return new IOException("killed");
        };

        var ended = await host.WaitForEndAsync(await host.BeginAsync(origin.UrlOf("/m.gguf")));

        Assert.Equal(TransferState.Completed, ended.State);
        Assert.Equal(content, (await host.VersionAsync())["m.gguf"]);
    }

    [Fact]
    public async Task Import_LengthIsNotSaid_IsFetchedAllTheSame()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        origin.Put("/m.onnx", UploadClient.Onnx).SaysLength = false;
        Assert.Equal(TransferState.Completed, (await host.WaitForEndAsync(await host.BeginAsync(origin.UrlOf("/m.onnx")))).State);
        Assert.Equal(UploadClient.Onnx, (await host.VersionAsync())["m.onnx"]);
    }

    [Fact]
    public async Task Import_AlwaysBreaks_FailsAfterAllTriesAndGoesOnWhenTriedAgain()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin, configure: options => options.MaxAttempts = 2);
        var file = origin.Put("/m.gguf", ImportHost.Gguf(Large));
        (file.BreakAt, file.Breaks, file.BeforeBreak) = (Part + 1000, -1, () => host.WaitForPartsAsync(1));
        var id = await host.BeginAsync(origin.UrlOf("/m.gguf"));
        var failed = await host.WaitForEndAsync(id);
        Assert.Equal(TransferState.Failed, failed.State);
        Assert.Contains("2 times", failed.FailureMessage, StringComparison.Ordinal);

        (file.BreakAt, file.Breaks) = (null, 0);
        var writes = host.Host.Store.Writes;
        Assert.True((await host.Host.Get<Dashboard.Features.ModelStore.Imports.TransferCommands>().RetryAsync(host.Caller, id, CancellationToken.None)).Succeeded);
        Assert.Equal(TransferState.Completed, (await host.WaitAsync(id, t => t.State is TransferState.Completed)).State);
        Assert.Equal(2, host.Host.Store.Writes - writes);
    }
}
