using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.ModelStore.Uploads;

namespace Ops.Integration.Tests.Features.ModelStore;

public sealed class UploadUnpackTests
{
    [Fact]
    public async Task Upload_Archive_BecomesTheFilesInIt()
    {
        await using var host = await UploadHost.StartAsync();
        var weights = UploadClient.Weights((8 * 1024 * 1024) + 77);
        var archive = Zip(("digits/model.onnx", UploadClient.Onnx), ("digits/weights.gguf", weights), ("digits/empty.txt", []));
        var ended = await SendAsync(host, "digits.zip", archive);

        Assert.Equal("Completed", ended.State);
        await using var db = host.Db();
        var version = await db.Versions.Include(v => v.Files).SingleAsync();
        Assert.Equal(["digits/empty.txt", "digits/model.onnx", "digits/weights.gguf"], version.Files.Select(f => f.Path).Order(StringComparer.Ordinal));
        Assert.Equal(UploadClient.Hash(weights), version.Files.Single(f => f.Path == "digits/weights.gguf").Sha256);
        Assert.Equal(3, await ObjectsAsync(host));
        Assert.Empty(Directory.GetDirectories(Path.Combine(host.Root, "unpacking")));
        Assert.Contains("upload.unpack", await db.AuditEntries.Select(entry => entry.Action).ToListAsync());
    }

    [Theory]
    [InlineData("../evil.onnx")]
    [InlineData("C:\\evil.onnx")]
    [InlineData("MODEL.onnx")]
    public async Task Upload_ArchiveWithABadEntry_IsRefusedAndLeavesNothing(string entry)
    {
        await using var host = await UploadHost.StartAsync();
        var ended = await SendAsync(host, "digits.zip", Zip(("model.onnx", UploadClient.Onnx), (entry, UploadClient.Onnx)));
        Assert.Equal("Refused", ended.State);
        Assert.Contains("In the archive", ended.Message, StringComparison.Ordinal);

        // The bytes go right after the word is said.
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (await ObjectsAsync(host) > 0)
        {
            await Task.Delay(20, patience.Token);
        }

        await using var db = host.Db();
        Assert.False(await db.Versions.AnyAsync());
    }

    [Fact]
    public async Task Upload_StoreFailsWhileUnpacking_IsDoneAgain()
    {
        await using var host = await UploadHost.StartAsync();
        var archive = Zip(("a.onnx", UploadClient.Onnx), ("b.onnx", UploadClient.Onnx));
        var client = await host.ClientAsync();
        var upload = await BeginAsync(client, "digits.zip", archive);
        await client.SendAsync(upload, ("digits.zip", archive));
        host.Store.AfterWrite = () =>
        {
            host.Store.AfterWrite = null;
            return new IOException("killed");
        };
        using var completed = await client.CompleteAsync(upload, ("digits.zip", archive));
        Assert.Equal("Completed", (await client.WaitForEndAsync(upload.Id)).State);
        await using var db = host.Db();
        Assert.Equal(2, (await db.Versions.Include(v => v.Files).SingleAsync()).Files.Count);
    }

    private static async Task<UploadStatus> SendAsync(UploadHost host, string name, byte[] archive)
    {
        var client = await host.ClientAsync();
        var upload = await BeginAsync(client, name, archive);
        await client.SendAsync(upload, (name, archive));
        using var completed = await client.CompleteAsync(upload, (name, archive));
        Assert.Equal(HttpStatusCode.Accepted, completed.StatusCode);
        return await client.WaitForEndAsync(upload.Id);
    }

    private static async Task<UploadStatus> BeginAsync(UploadClient client, string name, byte[] archive)
    {
        using var begun = await client.TryBeginAsync(new { model = "digits", unpack = true, files = new[] { new { path = name, size = archive.Length } } });
        Assert.Equal(HttpStatusCode.Created, begun.StatusCode);
        return (await begun.Content.ReadFromJsonAsync<UploadStatus>())!;
    }

    private static async Task<int> ObjectsAsync(UploadHost host)
    {
        var count = 0;
        await foreach (var _ in host.Store.ListAsync(CancellationToken.None))
        {
            count++;
        }

        return count;
    }

    private static byte[] Zip(params (string Name, byte[] Content)[] entries)
    {
        using var memory = new MemoryStream();
        using (var zip = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                using var stream = zip.CreateEntry(name).Open();
                stream.Write(content);
            }
        }

        return memory.ToArray();
    }
}
