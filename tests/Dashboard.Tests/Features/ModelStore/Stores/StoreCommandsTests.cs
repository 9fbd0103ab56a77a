using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Audit;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Tests.Features.ModelStore.Stores;

public sealed class StoreCommandsTests
{
    [Theory]
    [InlineData(Roles.Viewer)]
    [InlineData(Roles.Operator | Roles.Approver | Roles.OnCall)]
    public async Task Everything_WithoutTheRight_IsRefusedAndAudited_AndNothingIsTried(Roles roles)
    {
        await using var world = await StoresWorld.CreateAsync();
        var store = await world.AddAsync();
        world.Buckets.Made.Clear();
        var (caller, commands, use) = (await world.CallerAsync(roles), world.Get<StoreCommands>(), world.Get<StoreUseCommands>());

        Failure?[] failures =
        [
            (await commands.AddAsync(caller, StoresWorld.Bucket("second"), new())).Failure,
            (await commands.ChangeAsync(caller, store.Id, 0, StoresWorld.Bucket(), new())).Failure,
            (await commands.TestAsync(caller, store.Id, new())).Failure,
            (await use.SetDefaultAsync(caller, store.Id, StoreDefaultScope.Everything)).Failure,
            (await use.ClearDefaultAsync(caller, StoreDefaultScope.Dev)).Failure,
            (await use.RetireAsync(caller, store.Id, 0, "no reason")).Failure,
            (await use.RestoreAsync(caller, store.Id, 0)).Failure,
        ];

        Assert.All(failures, f => Assert.Equal(FailureKind.Forbidden, f?.Kind));
        Assert.Empty(world.Buckets.Made);
        await using var db = world.Db();
        Assert.Equal(7, await db.AuditEntries.CountAsync(e => e.PersonId == caller.PersonId && e.Result == AuditResult.Refused && e.Action.StartsWith("store.")));
    }

    [Fact]
    public async Task Add_KeepsTheSecretEncrypted_OutOfTheAudit_AndOutOfEveryAnswer()
    {
        await using var world = await StoresWorld.CreateAsync();
        var store = await world.AddAsync();

        Assert.Equal(StoresWorld.Secret, world.Buckets.Made[^1].Secrets["secretKey"]);
        Assert.DoesNotContain(StoresWorld.Secret, store.SettingsJson + store.ProtectedSecrets, StringComparison.Ordinal);
        var entry = Assert.Single(await world.AuditAsync("store.add"));
        Assert.Contains("\"secretKey\":\"set\"", entry.AfterJson, StringComparison.Ordinal);
        Assert.Contains("\"bucket\":\"models\"", entry.AfterJson, StringComparison.Ordinal);
        var details = await world.Get<StoreQueries>().FindAsync("minio");
        var answer = entry.AfterJson + string.Join(',', details!.Settings.Values) + string.Join(',', details.SecretsSet);
        Assert.DoesNotContain(StoresWorld.Secret, answer, StringComparison.Ordinal);
        Assert.DoesNotContain("AKIA", answer, StringComparison.Ordinal);
        Assert.Equal(["accessKey", "secretKey"], details.SecretsSet.Order());
    }

    [Fact]
    public async Task Add_ACheckFails_IsNotSaved_UnlessSomebodySaysSo_WhichTheAuditTells()
    {
        await using var world = await StoresWorld.CreateAsync();
        world.Buckets.Broken["models"] = new StoreUnavailableException(StoreProblem.Credentials, "The access key is not known.");
        var caller = await world.CallerAsync();

        var refused = (await world.Get<StoreCommands>().AddAsync(caller, StoresWorld.Bucket(), new())).Value;
        Assert.False(refused.IsSaved);
        Assert.Contains(refused.Checks!, c => c is { Passed: false, Message: "The access key is not known." });
        Assert.DoesNotContain(world.Stores.Entries, e => e.Row.Name == "minio");
        Assert.Empty(await world.AuditAsync("store.add"));

        Assert.True((await world.Get<StoreCommands>().AddAsync(caller, StoresWorld.Bucket(), new() { SaveAnyway = true })).Value.IsSaved);
        Assert.Contains("in spite of", Assert.Single(await world.AuditAsync("store.add")).AfterJson, StringComparison.Ordinal);
        Assert.Contains(world.Stores.All, s => s.Name == "minio");
    }

    [Fact]
    public async Task Add_CancelledWhileTrying_SavesNothing()
    {
        await using var world = await StoresWorld.CreateAsync();
        world.Buckets.CheckGate = new TaskCompletionSource().Task;
        using var cancel = new CancellationTokenSource();

        var adding = world.Get<StoreCommands>().AddAsync(await world.CallerAsync(), StoresWorld.Bucket(), new(), cancel.Token);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => adding);
        await using var db = world.Db();
        Assert.Equal(1, await db.Stores.CountAsync());
    }

    [Theory]
    [InlineData("name", "filesystem")]
    [InlineData("name", "new")]
    [InlineData("name", "../../etc/passwd")]
    [InlineData("name", "<script>alert(1)</script>")]
    [InlineData("name", "=cmd|' /C calc'!A0")]
    [InlineData("kind", "nothing-like-it")]
    [InlineData("bucket", "impossible")]
    [InlineData("bucket", "")]
    [InlineData("bucket", "artifact\0")]
    [InlineData("secretKey", "")]
    [InlineData("endpoint", "file:///etc/passwd")]
    [InlineData("endpoint", "://empty")]
    [InlineData("endpoint", "http://169.254.169.254/")]
    [InlineData("endpoint", "http://2852039166/")]
    [InlineData("endpoint", "http://[::ffff:169.254.169.254]/")]
    [InlineData("endpoint", "http://[fd00:ec2::254]/")]
    [InlineData("endpoint", "http://user:pw@127.0.0.1:9000")]
    [InlineData("endpoint", "http://127.0.0.1:9000/a/../../t2")]
    [InlineData("proxy", "http://169.254.169.254/")]
    [InlineData("publicEndpoint", "javascript:alert(1)")]
    public async Task Add_BadInput_NamesItsField_AndSavesNothing(string field, string value)
    {
        await using var world = await StoresWorld.CreateAsync();
        var good = StoresWorld.Bucket();
        var input = field switch
        {
            "name" => good with { Name = value },
            "kind" => good with { Kind = value },
            "secretKey" => good with { Secrets = new Dictionary<string, string?>(good.Secrets) { [field] = value } },
            _ => good with { Settings = new Dictionary<string, string?>(good.Settings) { [field] = value } },
        };

        var failure = (await world.Get<StoreCommands>().AddAsync(await world.CallerAsync(), input, new() { SaveAnyway = true })).Failure;

        Assert.Equal(field, failure?.Field);
        await using var db = world.Db();
        Assert.Equal(1, await db.Stores.CountAsync());
    }

    [Fact]
    public async Task Change_EmptySecretsStay_NewOnesReplace_AndTheAuditShowsTheDifference()
    {
        await using var world = await StoresWorld.CreateAsync();
        var store = await world.AddAsync();
        var commands = world.Get<StoreCommands>();
        var caller = await world.CallerAsync();

        Assert.True((await commands.ChangeAsync(caller, store.Id, 0, StoresWorld.Bucket(bucket: "other", secret: null), new())).Value.IsSaved);
        Assert.Equal(StoresWorld.Secret, world.Buckets.Made[^1].Secrets["secretKey"]);
        world.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.True((await commands.ChangeAsync(caller, store.Id, 1, StoresWorld.Bucket(bucket: "other", secret: "a new one"), new())).Value.IsSaved);
        Assert.Equal("a new one", world.Buckets.Made[^1].Secrets["secretKey"]);

        var entries = await world.AuditAsync("store.change");
        Assert.Contains("\"bucket\":\"models\"", entries[0].BeforeJson, StringComparison.Ordinal);
        Assert.Contains("\"bucket\":\"other\"", entries[0].AfterJson, StringComparison.Ordinal);
        Assert.Contains("\"secretKey\":\"set\"", entries[0].AfterJson, StringComparison.Ordinal);
        Assert.Contains("\"secretKey\":\"entered anew\"", entries[1].AfterJson, StringComparison.Ordinal);
        Assert.All(entries, e => Assert.DoesNotContain("a new one", e.BeforeJson + e.AfterJson, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Change_OfAnOlderRevision_Conflicts()
    {
        await using var world = await StoresWorld.CreateAsync();
        var store = await world.AddAsync();
        var (commands, caller) = (world.Get<StoreCommands>(), await world.CallerAsync());
        Assert.True((await commands.ChangeAsync(caller, store.Id, 0, StoresWorld.Bucket(bucket: "mine"), new())).Succeeded);

        var late = await commands.ChangeAsync(caller, store.Id, 0, StoresWorld.Bucket(bucket: "theirs"), new());

        Assert.Equal(FailureKind.Conflict, late.Failure?.Kind);
        Assert.Contains("mine", (await world.FindAsync("minio")).SettingsJson, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_ToAnotherPlace_WhereTheVersionsAreNot_FailsTheCheck()
    {
        await using var world = await StoresWorld.CreateAsync();
        var store = await world.AddAsync();
        await world.AddVersionsAsync("minio", 2);

        var changed = (await world.Get<StoreCommands>().ChangeAsync(await world.CallerAsync(), store.Id, 0, StoresWorld.Bucket(bucket: "empty"), new())).Value;

        Assert.False(changed.IsSaved);
        Assert.Contains(changed.Checks!, c => c is { Passed: false } && c.Message.StartsWith("digits 2 should be here", StringComparison.Ordinal));
    }

    [Fact]
    public async Task BuiltIn_CannotBeChanged()
    {
        await using var world = await StoresWorld.CreateAsync();
        var builtIn = await world.FindAsync(Store.BuiltInName);
        Assert.Equal(FailureKind.Conflict, (await world.Get<StoreCommands>().ChangeAsync(await world.CallerAsync(), builtIn.Id, 0, new(), new())).Failure?.Kind);
    }

    [Fact]
    public async Task Add_AFolderOfAnotherStore_Refused()
    {
        await using var world = await StoresWorld.CreateAsync();
        var (commands, caller) = (world.Get<StoreCommands>(), await world.CallerAsync());
        var folder = Directory.CreateDirectory(Path.Combine(world.Root, "a", "inner")).Parent!.FullName;
        Assert.True((await commands.AddAsync(caller, Folder("first", folder), new())).Value.IsSaved);

        Assert.Equal("folder", (await commands.AddAsync(caller, Folder("second", folder + "/"), new())).Failure?.Field);
        Assert.Equal("folder", (await commands.AddAsync(caller, Folder("third", Path.Combine(folder, "inner")), new())).Failure?.Field);
        Assert.Null((await commands.AddAsync(caller, Folder("missing", Path.Combine(world.Root, "not-there")), new())).Failure?.Field);

        static StoreInput Folder(string name, string path) =>
            new() { Name = name, Kind = StoreKinds.FileSystem, Settings = new Dictionary<string, string?> { ["folder"] = path } };
    }
}
