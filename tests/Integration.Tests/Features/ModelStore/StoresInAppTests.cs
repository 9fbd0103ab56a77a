using System.Net;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.Git;
using Ops.Dashboard.Features.ModelStore.Recording;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Dashboard.Features.ModelStore.Uploads;
using Ops.Data.Access;
using Ops.Data.ModelStore;
using Ops.Integration.Tests.Features.ModelStore.Git;
using Ops.Integration.Tests.Support;

namespace Ops.Integration.Tests.Features.ModelStore;

/// <summary>Several stores in the real application.</summary>
public sealed class StoresInAppTests
{
    [Fact]
    public async Task Stores_SeveralOfThem_OneBroken_StartsServesAndTakesUploadsWhereTheyAreMeantToGo()
    {
        var roots = Directory.CreateTempSubdirectory("ops-roots-");
        await using var app = await OpsApp.StartAsync(("Ops:Stores:AllowedRoots:0", roots.FullName), ("Ops:Stores:RefreshEvery", "00:00:00.2"));
        try
        {
            var share = roots.CreateSubdirectory("share").FullName;
            Assert.True((await AddFolderAsync(app, "share", share)).IsSaved);
            await BreakAsync(app);
            await app.RestartAsync();

            using var browser = await app.SignInAsync(Roles.Operator);
            using (var ready = await browser.Client.GetAsync("/health/ready"))
            {
                Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
            }

            var broken = app.Services.GetRequiredService<ModelStores>().Entries.Single(e => e.Row.Name == "broken");
            Assert.Contains("no model stores of the kind 'tape'", broken.Problem, StringComparison.Ordinal);

            var client = new UploadClient(browser.Client);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await BeginAsync(client, "broken"));
            Assert.Equal(HttpStatusCode.BadRequest, await BeginAsync(client, "nothing"));
            Assert.Equal(HttpStatusCode.BadRequest, await BeginAsync(client, "../../etc/passwd"));
            await UploadToAsync(client, "share");
            await using var db = app.OpenRegistry();
            var version = await db.Versions.Include(v => v.Files).SingleAsync();
            Assert.Equal("share", version.Store);
            Assert.Single(Directory.GetFiles(share, version.Files[0].ObjectId, SearchOption.AllDirectories));
        }
        finally
        {
            roots.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Version_InAGitStore_IsFoundWithItsCommitAndTag()
    {
        using var place = new GitPlace();
        await using var app = await OpsApp.StartAsync(("Ops:Stores:AllowedRoots:0", place.Served), ("Ops:Stores:RefreshEvery", "00:00:00.2"));
        Assert.True((await AddAsync(app, new() { Name = "repo", Kind = GitStoreKind.KindName, Settings = new Dictionary<string, string?> { ["repository"] = place.Bare } })).IsSaved);
        using var browser = await app.SignInAsync(Roles.Operator);
        await UploadToAsync(new UploadClient(browser.Client), "repo");
        for (var tries = 0; place.InBare("tag", "--list") != "digits/v1"; tries++)
        {
            Assert.True(tries < 1200, "The version was not committed.");
            await Task.Delay(50);
        }

        // As a dashboard sees it that did not write it.
        await app.RestartAsync();
        var found = await app.Services.GetRequiredService<WrittenVersions>().FindAsync("repo", "digits", 1, default);
        Assert.Equal(new WrittenVersion(place.InBare("rev-parse", "digits/v1"), "digits/v1"), found.Value!.Written);
        var unknown = await app.Services.GetRequiredService<WrittenVersions>().FindAsync("repo", "digits", 2, default);
        Assert.Null(unknown.Value!.Written);

        Directory.Move(place.Bare, place.Bare + ".away");
        await app.RestartAsync();
        var away = await app.Services.GetRequiredService<WrittenVersions>().FindAsync("repo", "digits", 1, default);
        Assert.Contains("The store repo does not answer", away.Failure?.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/settings/stores")]
    [InlineData("/settings/stores/new")]
    [InlineData("/settings/stores/filesystem")]
    public async Task Pages_OfStores_AreForAdministrators(string path)
    {
        await using var app = await OpsApp.StartAsync();
        using var administrator = await app.SignInAsync(Roles.Administrator);
        using var operatorOnly = await app.SignInAsync(Roles.Operator | Roles.Approver);

        using var shown = await administrator.Client.GetAsync(path);
        using var refused = await operatorOnly.Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, shown.StatusCode);
        Assert.NotEqual(HttpStatusCode.OK, refused.StatusCode);
    }

    private static Task<StoreSaved> AddFolderAsync(OpsApp app, string name, string folder) =>
        AddAsync(app, new() { Name = name, Kind = StoreKinds.FileSystem, Settings = new Dictionary<string, string?> { ["folder"] = folder } });

    private static async Task<StoreSaved> AddAsync(OpsApp app, StoreInput input)
    {
        var person = await app.AddPersonAsync(Roles.Administrator);
        await using var db = app.OpenRegistry();
        var stamp = await db.Users.Where(p => p.Id == person.Id).Select(p => p.SecurityStamp).SingleAsync();
        var added = await app.Services.GetRequiredService<StoreCommands>().AddAsync(
            new Caller(person.Id, person.Name, "password", stamp!, "c"),
            input,
            new());
        Assert.True(added.Succeeded, added.Failure?.Message);
        return added.Value;
    }

    private static async Task BreakAsync(OpsApp app)
    {
        await using var db = app.OpenRegistry();
        db.Stores.Add(Store.Create(new() { Id = Guid.NewGuid(), Name = "broken", Kind = "tape", ByName = "a later program", Now = TimeProvider.System.GetUtcNow() }).Value);
        await db.SaveChangesAsync();
    }

    private static async Task<HttpStatusCode> BeginAsync(UploadClient client, string store)
    {
        using var answer = await client.TryBeginAsync(new { model = "digits", store, files = new[] { new { path = "model.onnx", size = 10 } } });
        return answer.StatusCode;
    }

    private static async Task UploadToAsync(UploadClient client, string store)
    {
        using var begun = await client.TryBeginAsync(new { model = "digits", store, files = new[] { new { path = "model.onnx", size = UploadClient.Onnx.Length } } });
        Assert.True(begun.StatusCode == HttpStatusCode.Created, await begun.Content.ReadAsStringAsync());
        var upload = (await begun.Content.ReadFromJsonAsync<UploadStatus>())!;
        await client.SendAsync(upload, ("model.onnx", UploadClient.Onnx));
        using var completed = await client.CompleteAsync(upload, ("model.onnx", UploadClient.Onnx));
        Assert.True(completed.IsSuccessStatusCode, await completed.Content.ReadAsStringAsync());
        for (var tries = 0; (await client.StatusAsync(upload.Id)).State != "Completed"; tries++)
        {
            Assert.True(tries < 1200, "The upload was not completed.");
            await Task.Delay(50);
        }
    }
}
