using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.ModelStore.Integrity;
using Ops.Dashboard.Features.ModelStore.Retention;
using Ops.Data.Access;
using Ops.Data.Registry;

namespace Ops.Integration.Tests.Features.ModelStore;

/// <summary>What tests of the life of versions do with a host.</summary>
internal static class LifeCycleHost
{
    public static Caller As(Person person) => new(person.Id, person.UserName!, "test", person.SecurityStamp!, Guid.NewGuid().ToString("N"));

    public static async Task<ModelVersion> VersionAsync(this UploadHost host, string model, int number)
    {
        await using var db = host.Db();
        var id = await db.Models.Where(m => m.Name == model).Select(m => m.Id).SingleAsync();
        return await db.Versions.AsNoTracking().Include(v => v.Files).SingleAsync(v => v.ModelId == id && v.Number == number);
    }

    /// <summary>The finished objects on the disk.</summary>
    public static IReadOnlyList<string> Objects(this UploadHost host) => Directory.GetFiles(Path.Combine(host.Root, "store", "objects"), "*", SearchOption.AllDirectories);

    public static string FileOf(this UploadHost host, VersionFile file) => host.Objects().Single(o => Path.GetFileName(o) == file.ObjectId);

    public static async Task VerifyAsync(this UploadHost host, Person person, ModelVersion version)
    {
        var asked = await host.Get<IntegrityCommands>().RequestAsync(As(person), version.Id);
        Assert.True(asked.Succeeded, asked.Failure?.Message);
        await host.UntilAsync(async db => await db.Versions.AnyAsync(v => v.Id == version.Id && v.VerifyRequestedAt == null));
    }

    public static async Task DeleteAsync(this UploadHost host, Person person, ModelVersion version, string model)
    {
        var deleted = await host.Get<DeletionCommands>().DeleteAsync(As(person), version.Id, $"{model} {version.Number}");
        Assert.True(deleted.Succeeded, deleted.Failure?.Message);
    }

    /// <summary>Lets the time pass in which a deletion can be undone.</summary>
    public static async Task AgeAsync(this UploadHost host, ModelVersion version)
    {
        await using var db = host.Db();
        var then = TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(8);
        await db.Versions.Where(v => v.Id == version.Id).ExecuteUpdateAsync(set => set.SetProperty(v => v.DeletedAt, then));
    }

    public static async Task UntilAsync(this UploadHost host, Func<Ops.Data.RegistryDb, Task<bool>> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            await using (var db = host.Db())
            {
                if (await holds(db))
                {
                    return;
                }
            }

            await Task.Delay(25, patience.Token);
        }
    }
}
