using System.Net;
using System.Text.Json;
using Amazon.S3.Model;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.ModelStore.Downloads;
using Ops.Dashboard.Features.ModelStore.Git;
using Ops.Dashboard.Features.ModelStore.S3;
using Ops.Dashboard.Features.ModelStore.Uploads;
using Ops.Data.Access;
using Ops.EndToEnd.Tests.Support;
using Ops.Integration.Tests.Features.ModelStore.Git;
using Ops.Integration.Tests.Support;
using Ops.Testing;

namespace Ops.Integration.Tests.Features.ModelStore;

/// <summary>Uploads that are streamed through a dashboard whose process is killed on the way.</summary>
public sealed class KilledUploadTests
{
    private const string Model = "weights";
    private const int MiB = 1024 * 1024;
    private static readonly (string Path, byte[] Bytes)[] Files = [("model.gguf", UploadClient.Weights((32 * MiB) + 1000)), ("README.md", "# Weights"u8.ToArray())];

    [Fact]
    public async Task Upload_IntoABucket_ArrivesWhole()
    {
        var server = await S3Server.SharedAsync();
        S3Settings settings = new() { Bucket = await S3StoreRows.MakeBucketAsync(server), Prefix = $"killed-{Guid.NewGuid():N}/" };
        await using var dashboard = await DashboardProcess.StartAsync((db, data) => S3StoreRows.AddAsync(db, data, server, settings), DashboardProcess.FreePort());

        await UploadAndKillAsync(dashboard);

        using var client = S3StoreRows.Client(server);
        await using var db = dashboard.OpenRegistry();
        var objects = await client.ListObjectsV2Async(new() { BucketName = settings.Bucket, Prefix = settings.Prefix });
        Assert.Equal((await db.VersionFiles.Select(f => f.ObjectId).ToListAsync()).Select(new S3Keys(settings.Prefix).For).Order(), objects.S3Objects.Select(o => o.Key).Order());
        Assert.Empty((await client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = settings.Bucket, Prefix = settings.Prefix })).MultipartUploads ?? []);
    }

    [Fact]
    public async Task Upload_IntoAGitRepository_ArrivesWhole()
    {
        using var place = new GitPlace();
        var settings = JsonSerializer.Serialize(new GitStoreSettings { Repository = place.Bare }, JsonSerializerOptions.Web);
        await using var dashboard = await DashboardProcess.StartAsync(
            (db, data) => StoreRows.AddAsync(db, data, "repo", GitStoreKind.KindName, settings),
            DashboardProcess.FreePort(),
            ("Ops:Stores:AllowedRoots:0", place.Served));

        await UploadAndKillAsync(dashboard);

        await Eventually.TrueAsync("The version is committed", TimeSpan.FromSeconds(30), () => place.InBare("tag", "--list").Length > 0);
        Assert.Equal("1", place.InBare("rev-list", "--count", $"models/{Model}"));
        var clone = place.CloneAt($"{Model}/v1");
        Assert.All(Files, file => Assert.Equal(file.Bytes, File.ReadAllBytes(Path.Combine(clone, file.Path))));
    }

    private static async Task UploadAndKillAsync(DashboardProcess dashboard)
    {
        using var browser = await SignInAsync(dashboard);
        var client = new UploadClient(browser.Client);
        var upload = await client.BeginAsync(Model, Files);
        var large = upload.Files.Single(f => f.Path == Files[0].Path);
        using (var kept = await client.PutAsync(upload.Id, large.Id, 1, UploadClient.Part(large, 1, Files[0].Bytes)))
        {
            Assert.Equal(HttpStatusCode.OK, kept.StatusCode);
        }

        // Half of a part has left the browser.
        using var half = new HalfOf(UploadClient.Part(large, 2, Files[0].Bytes));
        var sending = browser.Client.PutAsync($"/api/uploads/{upload.Id}/files/{large.Id}/parts/2", half);
        await half.Sent.WaitAsync(TimeSpan.FromSeconds(30));
        await dashboard.KillAsync();
        half.GiveUp();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => sending);
        await dashboard.StartAgainAsync();

        var resumed = await client.StatusAsync(upload.Id);
        Assert.Equal("Open", resumed.State);
        Assert.Equal([1, 1], Assert.Single(resumed.Files.Single(f => f.Id == large.Id).Parts));
        for (var number = 2; number <= large.PartCount; number++)
        {
            using var put = await client.PutAsync(upload.Id, large.Id, number, UploadClient.Part(large, number, Files[0].Bytes));
            Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        }

        await client.SendAsync(upload, Files[1]);
        using (var completed = await client.CompleteAsync(upload, Files))
        {
            Assert.True(completed.IsSuccessStatusCode, await completed.Content.ReadAsStringAsync());
        }

        // Taken, and on its way to become a version.
        await dashboard.KillAsync();
        await dashboard.StartAgainAsync();
        var ended = await client.WaitForEndAsync(upload.Id);

        Assert.Equal(("Completed", null), (ended.State, ended.Message));
        foreach (var (path, bytes) in Files)
        {
            Assert.Equal(bytes, await browser.Client.GetByteArrayAsync(DownloadLinks.File(Model, 1, path)));
        }

        await using var db = dashboard.OpenRegistry();
        Assert.Equal((1, 1), (await db.Versions.CountAsync(), await db.AuditEntries.CountAsync(e => e.Action == "version.create")));
    }

    private static async Task<TestBrowser> SignInAsync(DashboardProcess dashboard)
    {
        var person = await dashboard.AddPersonAsync(Roles.Operator, "olga");
        var browser = new TestBrowser(dashboard.Address, null);
        using var answer = await browser.SubmitAsync("/account/sign-in", "sign-in", ("UserName", person.Name), ("Password", person.Password));
        Assert.Equal("/", TestBrowser.RedirectOf(answer));
        await browser.RefreshAntiforgeryAsync();
        return browser;
    }

    private sealed class HalfOf(byte[] bytes) : HttpContent
    {
        private readonly TaskCompletionSource sent = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private readonly TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Sent => sent.Task;

        public void GiveUp() => end.TrySetException(new IOException("The other half stays here."));

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(bytes.AsMemory(0, bytes.Length / 2));
            await stream.FlushAsync();
            sent.TrySetResult();
            await end.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = bytes.Length;
            return true;
        }
    }
}
