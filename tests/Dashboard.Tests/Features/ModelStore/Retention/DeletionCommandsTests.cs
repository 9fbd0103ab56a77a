using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.FileSystem;
using Ops.Dashboard.Features.ModelStore.Retention;
using Ops.Dashboard.Features.Registry.Queries;
using Ops.Dashboard.Hosting;
using Ops.Dashboard.Tests.Features.Registry;
using Ops.Dashboard.Tests.Support;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Audit;
using Ops.Data.Registry;

namespace Ops.Dashboard.Tests.Features.ModelStore.Retention;

public sealed class DeletionCommandsTests : IClassFixture<TestRegistry>, IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("ops-deletion-").FullName;
    private readonly TestRegistry registry;
    private readonly DeletionCommands deletion;
    private readonly RetentionQueries queries;

    public DeletionCommandsTests(TestRegistry registry)
    {
        this.registry = registry;
        deletion = new(
            registry.Commands,
            new ModelStores([new FileSystemStore(new DataFolder(root))]),
            TimeProvider.System,
            Options.Create(new RetentionOptions()),
            NullLogger<DeletionCommands>.Instance);
        queries = new(registry.Databases, TimeProvider.System);
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [InlineData("serving", "serves on")]
    [InlineData("rolling", "is under way")]
    [InlineData("asked", "waits for approval")]
    [InlineData("alias", "carries champion")]
    public async Task Delete_InUse_IsRefusedWithWhatIsInTheWay(string use, string message)
    {
        var example = await RegistryExamples.AddAsync(registry, versions: 2);
        await UseAsync(example, use);
        var (_, caller) = await registry.AddPersonAsync(Roles.Operator);

        var failure = (await DeleteAsync(example, 1, caller)).Failure;

        Assert.Equal(FailureKind.Conflict, failure?.Kind);
        Assert.Contains(message, failure!.Message, StringComparison.Ordinal);
        Assert.Equal(VersionState.Ready, (await VersionAsync(example, 1)).State);
    }

    [Theory]
    [InlineData("serving")]
    [InlineData("asked")]
    [InlineData("alias")]
    public async Task Purge_InUseAfterAll_IsRefusedInTheTransaction(string use)
    {
        var example = await RegistryExamples.AddAsync(registry, versions: 2);
        var (_, caller) = await registry.AddPersonAsync(Roles.Operator);
        Assert.True((await DeleteAsync(example, 1, caller)).Succeeded);
        await AgeAsync(example, 1);
        await UseAsync(example, use);

        Assert.Equal(FailureKind.Conflict, (await deletion.PurgeAsync(example.Versions[0].Id, default)).Failure?.Kind);

        Assert.Equal(VersionState.Deleted, (await VersionAsync(example, 1)).State);
    }

    [Fact]
    public async Task Delete_NameNotTyped_DoesNothing()
    {
        var example = await RegistryExamples.AddAsync(registry, versions: 2);
        var (_, caller) = await registry.AddPersonAsync(Roles.Operator);

        var failure = (await deletion.DeleteAsync(caller, example.Versions[0].Id, $"{example.Model.Name} 2")).Failure;

        Assert.Equal((FailureKind.Invalid, "name"), (failure?.Kind, failure?.Field));
        Assert.Equal(VersionState.Ready, (await VersionAsync(example, 1)).State);
    }

    [Fact]
    public async Task Delete_WithoutTheRight_LeavesOneRefusal()
    {
        var example = await RegistryExamples.AddAsync(registry, versions: 2);
        var (_, caller) = await registry.AddPersonAsync(Roles.Viewer | Roles.Approver | Roles.OnCall);

        Assert.Equal(FailureKind.Forbidden, (await DeleteAsync(example, 1, caller)).Failure?.Kind);

        var entry = Assert.Single(await registry.AuditOfAsync(caller));
        Assert.Equal((AuditResult.Refused, "version.delete"), (entry.Result, entry.Action));
        Assert.Equal(VersionState.Ready, (await VersionAsync(example, 1)).State);
    }

    [Fact]
    public async Task Delete_ThenRestore_HidesItAndBringsItBackAsItWas()
    {
        var example = await RegistryExamples.AddAsync(registry, versions: 3);
        var (person, caller) = await registry.AddPersonAsync(Roles.Administrator);
        var versions = new VersionQueries(registry.Databases);

        Assert.True((await DeleteAsync(example, 2, caller)).Succeeded);

        Assert.Equal([3, 1], (await versions.ListAsync(example.Model.Id, null)).Rows.Select(v => v.Number));
        Assert.Equal([3, 1], await versions.NumbersAsync(example.Model.Id, 10));
        var gone = Assert.Single((await versions.ListAsync(example.Model.Id, null, deleted: true)).Rows);
        Assert.Equal((2, person.UserName, VersionState.Deleted), (gone.Number, gone.DeletedByName, gone.State));
        Assert.Equal(FailureKind.Conflict, (await DeleteAsync(example, 2, caller)).Failure?.Kind);

        Assert.True((await deletion.RestoreAsync(caller, example.Versions[1].Id)).Succeeded);

        var back = await VersionAsync(example, 2);
        Assert.Equal((VersionState.Ready, (DateTimeOffset?)null), (back.State, back.DeletedAt));
        Assert.NotNull(back.VerifyRequestedAt);
    }

    [Fact]
    public async Task Purge_TimeNotUpOrRestored_IsRefused()
    {
        var example = await RegistryExamples.AddAsync(registry, versions: 2);
        var (_, caller) = await registry.AddPersonAsync(Roles.Operator);
        Assert.True((await DeleteAsync(example, 1, caller)).Succeeded);

        Assert.False((await deletion.PurgeAsync(example.Versions[0].Id, default)).Succeeded);
        await AgeAsync(example, 1);
        Assert.True((await deletion.RestoreAsync(caller, example.Versions[0].Id)).Succeeded);
        Assert.False((await deletion.PurgeAsync(example.Versions[0].Id, default)).Succeeded);

        Assert.Equal(VersionState.Ready, (await VersionAsync(example, 1)).State);
    }

    [Fact]
    public async Task Purge_TimeUp_LeavesATombstoneThatCannotComeBack()
    {
        var example = await RegistryExamples.AddAsync(registry, versions: 2);
        var (_, caller) = await registry.AddPersonAsync(Roles.Operator);
        Assert.True((await DeleteAsync(example, 2, caller)).Succeeded);
        await AgeAsync(example, 2);

        Assert.True((await deletion.PurgeAsync(example.Versions[1].Id, default)).Succeeded);

        var tombstone = await VersionAsync(example, 2);
        Assert.Equal((VersionState.Purged, example.Versions[1].Digest, caller.Name), (tombstone.State, tombstone.Digest, tombstone.DeletedByName));
        Assert.NotNull(tombstone.PurgedAt);
        Assert.Equal(FailureKind.Conflict, (await deletion.RestoreAsync(caller, tombstone.Id)).Failure?.Kind);
        await using var db = await registry.Databases.CreateDbContextAsync();
        Assert.Equal(3, (await db.Models.SingleAsync(m => m.Id == example.Model.Id)).NextVersion("onnx", TimeProvider.System.GetUtcNow()).Value);
    }

    [Fact]
    public async Task Delete_WhileSomethingBeginsToDependOnIt_SeesIt()
    {
        var example = await RegistryExamples.AddAsync(registry, versions: 2);
        var id = example.Versions[0].Id;

        // A rollout and a deletion that both read before either writes: whoever commits second is told.
        await using var one = await registry.Databases.CreateDbContextAsync();
        await using var two = await registry.Databases.CreateDbContextAsync();
        var (held, deleted) = (await one.Versions.SingleAsync(v => v.Id == id), await two.Versions.SingleAsync(v => v.Id == id));
        held.Hold();
        await one.SaveChangesAsync();
        Assert.True(deleted.Delete("olga", TimeProvider.System.GetUtcNow()).Succeeded);

        await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => two.SaveChangesAsync());
    }

    [Fact]
    public async Task Turn_RuleOfAModel_DeletesWhatThePreviewSaidAndNothingElse()
    {
        var example = await RegistryExamples.AddAsync(registry, versions: 6);
        await example.ServeAsync(1, "digits");
        await example.AliasAsync("champion", 2);
        var (_, caller) = await registry.AddPersonAsync(Roles.Operator);
        var limits = new RetentionLimits(true, 2, 0);
        Assert.True((await new RetentionCommands(registry.Commands).SaveAsync(caller, example.Model.Id, limits)).Succeeded);
        var preview = await queries.PreviewAsync(example.Model.Id, limits, default);

        await new RetentionService(queries, deletion, registry.Databases, TimeProvider.System, Options.Create(new RetentionOptions()), NullLogger<RetentionService>.Instance).TurnAsync(default);

        Assert.Equal([4, 3], preview.Verdicts.Where(v => v.Goes).Select(v => v.Version.Number));
        await using var db = await registry.Databases.CreateDbContextAsync();
        var left = await db.Versions.Where(v => v.ModelId == example.Model.Id && v.State == VersionState.Ready).Select(v => v.Number).Order().ToListAsync();
        Assert.Equal([1, 2, 5, 6], left);
        var id = example.Versions[3].Id.ToString();
        var entry = await db.AuditEntries.SingleAsync(e => e.SubjectId == id);
        Assert.Equal(("version.delete", "system"), (entry.Action, entry.PersonName));
        Assert.StartsWith("Retention keeps the newest 2", entry.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Save_DefaultRule_IsForAdministratorsAndSparesModelsWithTheirOwn()
    {
        var (own, other) = (await RegistryExamples.AddAsync(registry, versions: 3), await RegistryExamples.AddAsync(registry, versions: 3));
        var commands = new RetentionCommands(registry.Commands);
        var (_, operatorCaller) = await registry.AddPersonAsync(Roles.Operator);
        var (_, admin) = await registry.AddPersonAsync(Roles.Administrator);
        var limits = new RetentionLimits(true, 1, 0);

        Assert.Equal(FailureKind.Forbidden, (await commands.SaveDefaultAsync(operatorCaller, limits)).Failure?.Kind);
        Assert.Equal(FailureKind.Invalid, (await commands.SaveDefaultAsync(admin, limits with { KeepLast = 0 })).Failure?.Kind);
        Assert.True((await commands.SaveAsync(operatorCaller, own.Model.Id, RetentionLimits.Off)).Succeeded);

        var previews = await queries.PreviewDefaultAsync(limits, default);
        Assert.DoesNotContain(previews, p => p.Model == own.Model.Name);
        Assert.Equal(2, previews.Single(p => p.Model == other.Model.Name).Going);
        Assert.True((await queries.FindAsync(own.Model.Id, default)).IsOwn);
        Assert.True((await commands.RemoveAsync(operatorCaller, own.Model.Id)).Succeeded);
        Assert.False((await queries.FindAsync(own.Model.Id, default)).IsOwn);
    }

    private Task<Result> DeleteAsync(RegistryExamples example, int number, Caller caller) =>
        deletion.DeleteAsync(caller, example.Versions[number - 1].Id, $"{example.Model.Name} {number}");

    private static Task UseAsync(RegistryExamples example, string use) => use switch
    {
        "serving" => example.ServeAsync(1, "digits"),
        "rolling" => example.RollAsync(1, "digits"),
        "asked" => example.AskAsync(1, "digits"),
        _ => example.AliasAsync("champion", 1),
    };

    private async Task AgeAsync(RegistryExamples example, int number)
    {
        await using var db = await registry.Databases.CreateDbContextAsync();
        var (id, then) = (example.Versions[number - 1].Id, TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(8));
        await db.Versions.Where(v => v.Id == id).ExecuteUpdateAsync(set => set.SetProperty(v => v.DeletedAt, then));
    }

    private async Task<ModelVersion> VersionAsync(RegistryExamples example, int number)
    {
        await using var db = await registry.Databases.CreateDbContextAsync();
        var id = example.Versions[number - 1].Id;
        return await db.Versions.AsNoTracking().SingleAsync(v => v.Id == id);
    }
}
