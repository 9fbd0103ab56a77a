using System.Net;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Dashboard.Features.ModelStore.Uploads;
using Ops.Data.Access;
using Ops.Data.ModelStore;
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

    private static async Task<StoreSaved> AddFolderAsync(OpsApp app, string name, string folder)
    {
        var person = await app.AddPersonAsync(Roles.Administrator);
        await using var db = app.OpenRegistry();
        var stamp = await db.Users.Where(p => p.Id == person.Id).Select(p => p.SecurityStamp).SingleAsync();
        var added = await app.Services.GetRequiredService<StoreCommands>().AddAsync(
            new Caller(person.Id, person.Name, "password", stamp!, "c"),
            new() { Name = name, Kind = StoreKinds.FileSystem, Settings = new Dictionary<string, string?> { ["folder"] = folder } },
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
