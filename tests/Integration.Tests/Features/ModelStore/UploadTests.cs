using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Ops.Data.ModelStore;
using Ops.Data.Registry;

namespace Ops.Integration.Tests.Features.ModelStore;

public sealed class UploadTests
{
    [Fact]
    public async Task Upload_ModelAndReadme_BecomesAVersionWithItsSignature()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();
        (string, byte[])[] files = [("model.onnx", UploadClient.Onnx), ("README.md", "# Digits"u8.ToArray())];

        var done = await client.UploadAsync("digits", files);

        Assert.Equal("Completed", done.State);
        Assert.Equal(1, done.Version!.Number);
        Assert.Equal("/models/digits/versions/1", done.Version.Url);
        await using var db = host.Db();
        var version = await db.Versions.Include(v => v.Files).SingleAsync();
        Assert.Equal("onnx", version.Format);
        Assert.Equal(["README.md", "model.onnx"], version.Files.Select(f => f.Path));
        Assert.Equal(UploadClient.Hash(UploadClient.Onnx), version.Files[1].Sha256);
        using var metadata = JsonDocument.Parse(version.MetadataJson!);
        Assert.Equal("input", metadata.RootElement.GetProperty("inputs")[0].GetProperty("name").GetString());
        await using var stored = await host.Store.OpenReadAsync(version.Files[1].ObjectId, default);
        using var copy = new MemoryStream();
        await stored.CopyToAsync(copy);
        Assert.Equal(UploadClient.Onnx, copy.ToArray());
        Assert.Equal(["upload.begin", "upload.complete", "version.create"], await db.AuditEntries.OrderBy(e => e.Id).Select(e => e.Action).ToListAsync());
    }

    [Fact]
    public async Task Upload_ManyPartsAtOnce_ArrivesWhole()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();
        var bytes = UploadClient.Weights((20 * 1024 * 1024) + 7);

        var done = await client.UploadAsync("weights", ("model.gguf", bytes));

        Assert.Equal("Completed", done.State);
        await using var db = host.Db();
        Assert.Equal(UploadClient.Hash(bytes), (await db.VersionFiles.SingleAsync()).Sha256);
    }

    [Fact]
    public async Task Upload_FilesWithNothingIn_AreKept()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();

        var done = await client.UploadAsync("digits", ("model.onnx", UploadClient.Onnx), ("empty.txt", []));

        Assert.Equal("Completed", done.State);
    }

    [Fact]
    public async Task Upload_TheSameBytesAgain_MakesAVersionAndSaysSo()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();

        await client.UploadAsync("digits", ("model.onnx", UploadClient.Onnx));
        var again = await client.UploadAsync("digits", ("model.onnx", UploadClient.Onnx));

        Assert.Equal((2, 1), (again.Version!.Number, again.Version.SameBytesAs));
    }

    [Fact]
    public async Task Complete_ReplyLostAndAskedAgain_GivesTheSameVersion()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();
        (string, byte[]) file = ("model.onnx", UploadClient.Onnx);
        var upload = await client.BeginAsync("digits", file);
        await client.SendAsync(upload, file);

        var replies = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => client.CompleteAsync(upload, file)));
        var done = await client.WaitForEndAsync(upload.Id);
        using var late = await client.CompleteAsync(upload, file);

        Assert.All(replies, reply => Assert.True(reply.IsSuccessStatusCode));
        Assert.Equal(HttpStatusCode.OK, late.StatusCode);
        Assert.Equal(1, done.Version!.Number);
        await using var db = host.Db();
        Assert.Equal(1, await db.Versions.CountAsync());
        Assert.Equal(1, await db.AuditEntries.CountAsync(e => e.Action == "upload.complete"));
    }

    [Fact]
    public async Task Complete_ManyUploadsOfOneModelAtOnce_GetDifferentNumbers()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();

        var done = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => client.UploadAsync("weights", ("model.gguf", UploadClient.Weights(1000)))));

        Assert.Equal(Enumerable.Range(1, 8), done.Select(d => d.Version!.Number).Order());
        await using var db = host.Db();
        Assert.Equal(8, (await db.Models.SingleAsync()).LatestVersion);
    }

    [Fact]
    public async Task Complete_PartsMissing_IsRefusedAndStaysOpen()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();
        (string, byte[]) file = ("model.onnx", UploadClient.Onnx);
        var upload = await client.BeginAsync("digits", file);

        using var reply = await client.CompleteAsync(upload, file);

        Assert.Equal(HttpStatusCode.Conflict, reply.StatusCode);
        Assert.Equal("One part is still missing.", await UploadClient.DetailAsync(reply));
        Assert.Equal("Open", (await client.StatusAsync(upload.Id)).State);
    }

    [Fact]
    public async Task Complete_BrowserHashedOtherBytes_IsRefusedAndNothingStays()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();
        (string Path, byte[] Bytes) file = ("model.onnx", UploadClient.Onnx);
        var upload = await client.BeginAsync("digits", file);
        await client.SendAsync(upload, file);

        using var reply = await client.CompleteAsync(upload, (file.Path, [1, 2, 3]));
        var ended = await client.WaitForEndAsync(upload.Id);

        Assert.Equal("Refused", ended.State);
        Assert.Contains("changed while it was being uploaded", ended.Message, StringComparison.Ordinal);
        await using var db = host.Db();
        Assert.Equal(0, await db.Versions.CountAsync());
        await NothingStoredAsync(host);
    }

    [Theory]
    [InlineData("model.onnx", "gASVHQAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAJpZJSFlFKULg==")]
    [InlineData("weights.bin", "gASVHQAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAJpZJSFlFKULg==")]
    [InlineData("model.pt", "UEsDBA==")]
    [InlineData("model.onnx", "CAgSBw==")]
    [InlineData("model.onnx", "Y29zCnN5c3RlbQooUydpZCcKdFIu")]
    [InlineData("notes.txt", "aGVsbG8=")]
    [InlineData("plugin.so", "f0VMRg==")]
    public async Task Verify_FilesThatRunCodeOrAreNoModel_AreRefusedInPlainWords(string path, string base64)
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();

        var ended = await client.UploadAsync("trap", (path, Convert.FromBase64String(base64)));

        Assert.Equal("Refused", ended.State);
        Assert.EndsWith(".", ended.Message, StringComparison.Ordinal);
        await using var db = host.Db();
        Assert.Equal(0, await db.Versions.CountAsync());
        Assert.Equal(1, await db.AuditEntries.CountAsync(e => e.Action == "upload.refuse"));
        await NothingStoredAsync(host);
    }

    [Fact]
    public async Task Verify_ModelArchivedMeanwhile_KeepsTheBytesUntilItIsRestored()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();
        (string, byte[]) file = ("model.onnx", UploadClient.Onnx);
        var upload = await client.BeginAsync("digits", file);
        await client.SendAsync(upload, file);
        await ChangeModelAsync(host, model => model.Archive(DateTimeOffset.UnixEpoch));

        using (await client.CompleteAsync(upload, file))
        {
            var waiting = await client.WaitAsync(upload.Id, s => s is { State: "Open", Message: not null });
            Assert.Contains("archived", waiting.Message, StringComparison.Ordinal);
        }

        await ChangeModelAsync(host, model => model.Restore(DateTimeOffset.UnixEpoch));
        using var again = await client.CompleteAsync(upload, file);
        Assert.Equal("Completed", (await client.WaitForEndAsync(upload.Id)).State);
    }

    [Fact]
    public async Task Cancel_WithParts_DeletesTheBytesAndTakesNoMore()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();
        (string, byte[]) file = ("model.onnx", UploadClient.Onnx);
        var upload = await client.BeginAsync("digits", file);
        await client.SendAsync(upload, file);

        using var cancelled = await client.Http.DeleteAsync($"/api/uploads/{upload.Id}");
        using var late = await client.PutAsync(upload.Id, upload.Files[0].Id, 1, UploadClient.Onnx);

        Assert.Equal(HttpStatusCode.NoContent, cancelled.StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, late.StatusCode);
        Assert.Equal("Cancelled", (await client.StatusAsync(upload.Id)).State);
        await NothingStoredAsync(host);
    }

    internal static async Task NothingStoredAsync(UploadHost host)
    {
        // The bytes go after the state is told.
        for (var tries = 0; tries < 100 && await host.Store.ListAsync(default).AnyAsync(); tries++)
        {
            await Task.Delay(20);
        }

        Assert.Empty(await host.Store.ListAsync(default).ToListAsync());
    }

    private static async Task ChangeModelAsync(UploadHost host, Action<Model> change)
    {
        await using var db = host.Db();
        change(await db.Models.SingleAsync());
        await db.SaveChangesAsync();
    }
}
