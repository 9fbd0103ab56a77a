using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.Registry.Commands;
using Ops.Dashboard.Features.Registry.Onnx;
using Ops.Data.Audit;
using Ops.Data.Registry;
using Ops.Integration.Tests.Support;

namespace Ops.Integration.Tests.Registry;

public sealed class DigitsSampleTests
{
    [Fact]
    public async Task Start_Demo_LoadsTheSampleOnceAndLeavesWhatPeopleChanged()
    {
        await using var app = await OpsApp.StartAsync(("Ops:Demo:Enabled", "true"), ("Ops:Demo:Password", "seven quiet rivers"));
        var (model, versions, alias) = await ReadAsync(app);

        Assert.Equal([(1, "onnx", "digits_mlp.onnx"), (2, "onnx", "digits_cnn.onnx")], versions.Select(v => (v.Number, v.Format, v.Files.Single().Path)));
        Assert.All(versions, v => Assert.Equal(("operator", VersionState.Ready, "input"), (v.UploadedByName, v.State, OnnxMetadata.Read(v.Format, v.MetadataJson)!.Inputs.Single().Name)));
        Assert.Equal(("champion", versions[1].Id), (alias?.Name, alias?.VersionId));
        foreach (var file in versions.Select(v => v.Files.Single()))
        {
            await using var stored = await app.Services.GetRequiredService<ModelStores>().Default.OpenReadAsync(file.ObjectId, TestContext.Current.CancellationToken);
            await using var shipped = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "TestData", file.Path));
            Assert.Equal(await ReadAllAsync(shipped), await ReadAllAsync(stored));
        }

        Assert.Equal([AuditResult.Done, AuditResult.Done], (await app.AuditAsync("version.create")).Select(e => e.Result));
        Assert.Equal("demo", Assert.Single(await app.AuditAsync("alias.move")).SignedInHow);
        await RemoveAliasAsync(app, model);
        await app.RestartAsync();

        var again = await ReadAsync(app);
        Assert.Equal(versions.Select(v => v.Id), again.Versions.Select(v => v.Id));
        Assert.Null(again.Alias);
    }

    private static async Task RemoveAliasAsync(OpsApp app, Model model)
    {
        await using var db = app.OpenRegistry();
        var person = await db.Users.SingleAsync(p => p.UserName == "operator");
        var removed = await app.Services.GetRequiredService<AliasCommands>().RemoveAsync(new Caller(person.Id, "operator", "password", person.SecurityStamp!, "c"), model.Id, "champion");
        Assert.True(removed.Succeeded);
    }

    private static async Task<(Model Model, List<ModelVersion> Versions, ModelAlias? Alias)> ReadAsync(OpsApp app)
    {
        await using var db = app.OpenRegistry();
        return (
            await db.Models.AsNoTracking().SingleAsync(),
            await db.Versions.AsNoTracking().Include(v => v.Files).OrderBy(v => v.Number).ToListAsync(),
            await db.Aliases.AsNoTracking().SingleOrDefaultAsync());
    }

    private static async Task<byte[]> ReadAllAsync(Stream stream)
    {
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes);
        return bytes.ToArray();
    }
}
