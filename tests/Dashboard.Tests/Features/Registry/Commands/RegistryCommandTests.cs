using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Registry.Commands;
using Ops.Dashboard.Tests.Support;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Audit;
using Ops.Data.Registry;

namespace Ops.Dashboard.Tests.Features.Registry.Commands;

public sealed class RegistryCommandTests(TestRegistry registry) : IClassFixture<TestRegistry>
{
    private const Roles EverythingButOperator = Roles.Viewer | Roles.Approver | Roles.OnCall | Roles.Administrator;

    private ModelCommands Models => new(registry.Commands);

    private AliasCommands Aliases => new(registry.Commands);

    private VersionCommands Versions => new(registry.Commands);

    [Theory]
    [InlineData("model.describe")]
    [InlineData("model.archive")]
    [InlineData("model.restore")]
    [InlineData("alias.move")]
    [InlineData("alias.remove")]
    [InlineData("version.archive")]
    [InlineData("version.restore")]
    public async Task Command_WithoutTheRight_ChangesNothingAndLeavesOneRefusal(string action)
    {
        var example = await RegistryExamples.AddAsync(registry, versions: 2);
        await example.AliasAsync("champion", 1);
        var (_, caller) = await registry.AddPersonAsync(EverythingButOperator);
        var before = await StateAsync(example);

        var failure = action switch
        {
            "model.describe" => (await Models.DescribeAsync(caller, example.Model.Id, new("Reads digits.", []), new("x", ["y"]))).Failure,
            "model.archive" => (await Models.ArchiveAsync(caller, example.Model.Id)).Failure,
            "model.restore" => (await Models.RestoreAsync(caller, example.Model.Id)).Failure,
            "alias.move" => (await Aliases.MoveAsync(caller, example.Model.Id, "champion", 2)).Failure,
            "alias.remove" => (await Aliases.RemoveAsync(caller, example.Model.Id, "champion")).Failure,
            "version.archive" => (await Versions.ArchiveAsync(caller, example.Versions[1].Id)).Failure,
            _ => (await Versions.RestoreAsync(caller, example.Versions[1].Id)).Failure,
        };

        Assert.Equal(FailureKind.Forbidden, failure?.Kind);
        Assert.Equal(before, await StateAsync(example));
        var entry = Assert.Single(await registry.AuditOfAsync(caller));
        Assert.Equal((AuditResult.Refused, action), (entry.Result, entry.Action));
    }

    [Fact]
    public async Task Describe_Operator_SavesAndAuditsBeforeAndAfter()
    {
        var (example, caller) = await StartAsync();

        var result = await Models.DescribeAsync(caller, example.Model.Id, new("Reads digits.", []), new("Reads *letters*.", ["vision", " ", "vision ", "nightly"]));

        Assert.True(result.Succeeded, result.Failure?.Message);
        var model = await ModelAsync(example);
        Assert.Equal("Reads *letters*.", model.Description);
        Assert.Equal(["vision", "nightly"], model.Tags);
        var entry = Assert.Single(await registry.AuditOfAsync(caller));
        Assert.Equal(("model.describe", "model", example.Model.Name, AuditResult.Done), (entry.Action, entry.SubjectKind, entry.SubjectName, entry.Result));
        Assert.Equal("""{"description":"Reads digits.","tags":[]}""", entry.BeforeJson);
        Assert.Equal("""{"description":"Reads *letters*.","tags":["vision","nightly"]}""", entry.AfterJson);
    }

    [Theory]
    [InlineData("a\u0000b", "", "description")]
    [InlineData("abc\u202Egnp.exe", "", "description")]
    [InlineData("ok", "vi\u200Bsion", "tags")]
    [InlineData("ok", "tab\there\u0007", "tags")]
    [InlineData("ok", "0123456789012345678901234567890123456789012345678901234567890123", "tags")]
    public async Task Describe_BadText_RefusedBesideTheField(string description, string tag, string field)
    {
        var (example, caller) = await StartAsync();

        var result = await Models.DescribeAsync(caller, example.Model.Id, new("Reads digits.", []), new(description, [tag]));

        Assert.Equal((FailureKind.Invalid, field), (result.Failure!.Kind, result.Failure.Field));
        Assert.Equal("Reads digits.", (await ModelAsync(example)).Description);
        Assert.Empty(await registry.AuditOfAsync(caller));
    }

    [Fact]
    public async Task Describe_SomebodyElseWasFaster_KeepsTheirText()
    {
        var (example, caller) = await StartAsync();
        await example.ChangeModelAsync(m => m.Describe("Theirs.", [], TimeProvider.System.GetUtcNow()));

        var result = await Models.DescribeAsync(caller, example.Model.Id, new("Reads digits.", []), new("Mine.", []));

        Assert.Equal(FailureKind.Conflict, result.Failure?.Kind);
        Assert.Equal("Theirs.", (await ModelAsync(example)).Description);
    }

    [Fact]
    public async Task MoveAlias_NewThenMovedThenRemoved_AuditsOldAndNew()
    {
        var (example, caller) = await StartAsync(versions: 2);

        var made = await Aliases.MoveAsync(caller, example.Model.Id, "champion", 1);
        var moved = await Aliases.MoveAsync(caller, example.Model.Id, "champion", 2);
        var removed = await Aliases.RemoveAsync(caller, example.Model.Id, "champion");

        Assert.Equal([new(null, 1), new(1, 2), new(2, null)], new[] { made.Value, moved.Value, removed.Value });
        Assert.Equal(
            [(null, """{"version":1}"""), ("""{"version":1}""", """{"version":2}"""), ("""{"version":2}""", """{"version":null}""")],
            (await registry.AuditOfAsync(caller)).Select(e => (e.BeforeJson, e.AfterJson)));
        await using var db = await registry.Databases.CreateDbContextAsync();
        Assert.Empty(await db.Aliases.Where(a => a.ModelId == example.Model.Id).ToListAsync());
    }

    [Theory]
    [InlineData("", 1, FailureKind.Invalid)]
    [InlineData("Champion", 1, FailureKind.Invalid)]
    [InlineData("../x", 1, FailureKind.Invalid)]
    [InlineData("<script>", 1, FailureKind.Invalid)]
    [InlineData("=cmd()", 1, FailureKind.Invalid)]
    [InlineData("ch\u0430mpion", 1, FailureKind.Invalid)]
    [InlineData("42", 1, FailureKind.Invalid)]
    [InlineData("fresh", 9, FailureKind.NotFound)]
    [InlineData("taken", 1, FailureKind.Conflict)]
    [InlineData("fresh", 2, FailureKind.Conflict)]
    public async Task MoveAlias_WhatCannotBe_Refused(string alias, int version, FailureKind kind)
    {
        var (example, caller) = await StartAsync(versions: 2);
        await example.AliasAsync("taken", 1);
        Assert.True((await Versions.ArchiveAsync(caller, example.Versions[1].Id)).Succeeded);

        var result = await Aliases.MoveAsync(caller, example.Model.Id, alias, version);

        Assert.Equal(kind, result.Failure?.Kind);
        Assert.Equal(["version.archive"], (await registry.AuditOfAsync(caller)).Select(e => e.Action));
    }

    [Fact]
    public async Task ArchiveVersion_WhileItRuns_SaysWhereItGoesOn()
    {
        var (example, caller) = await StartAsync();
        await example.ServeAsync(1, "goes-on");

        var result = await Versions.ArchiveAsync(caller, example.Versions[0].Id);

        Assert.Equal([$"goes-on-{example.Suffix}"], result.Value);
        Assert.Contains("goes-on", Assert.Single(await registry.AuditOfAsync(caller)).AfterJson, StringComparison.Ordinal);
        Assert.True((await Versions.RestoreAsync(caller, example.Versions[0].Id)).Succeeded);
    }

    [Theory]
    [InlineData(true, "waits for approval")]
    [InlineData(false, "is under way")]
    public async Task Archive_WhileARolloutWaitsOrRuns_Refused(bool pending, string words)
    {
        var (example, caller) = await StartAsync();
        _ = pending ? await example.AskAsync(1, "busy") : await example.RollAsync(1, "busy");

        var version = await Versions.ArchiveAsync(caller, example.Versions[0].Id);
        var model = await Models.ArchiveAsync(caller, example.Model.Id);

        Assert.All([version.Failure, model.Failure], failure =>
        {
            Assert.Equal(FailureKind.Conflict, failure?.Kind);
            Assert.Contains(words, failure!.Message, StringComparison.Ordinal);
            Assert.Contains($"busy-{example.Suffix}", failure.Message, StringComparison.Ordinal);
        });
        Assert.Empty(await registry.AuditOfAsync(caller));
    }

    [Fact]
    public async Task ArchiveVersion_WithAnAlias_RefusedUntilItIsMoved()
    {
        var (example, caller) = await StartAsync();
        await example.AliasAsync("champion", 1);

        Assert.Contains("champion", (await Versions.ArchiveAsync(caller, example.Versions[0].Id)).Failure?.Message, StringComparison.Ordinal);
        Assert.True((await Aliases.RemoveAsync(caller, example.Model.Id, "champion")).Succeeded);
        Assert.True((await Versions.ArchiveAsync(caller, example.Versions[0].Id)).Succeeded);
    }

    [Fact]
    public async Task ArchiveModel_AndRestore_TakesItOutAndBack()
    {
        var (example, caller) = await StartAsync();

        Assert.Empty((await Models.ArchiveAsync(caller, example.Model.Id)).Value);
        Assert.Equal(FailureKind.Conflict, (await Models.ArchiveAsync(caller, example.Model.Id)).Failure?.Kind);
        Assert.Equal(FailureKind.Conflict, (await Aliases.MoveAsync(caller, example.Model.Id, "champion", 1)).Failure?.Kind);
        Assert.True((await Models.RestoreAsync(caller, example.Model.Id)).Succeeded);
        Assert.Null((await ModelAsync(example)).ArchivedAt);
    }

    [Fact]
    public async Task Commands_UnknownKeys_NotFound()
    {
        var (_, caller) = await StartAsync();
        var nobody = Guid.NewGuid();

        Failure?[] failures =
        [
            (await Models.DescribeAsync(caller, nobody, new("", []), new("", []))).Failure,
            (await Models.ArchiveAsync(caller, nobody)).Failure,
            (await Models.RestoreAsync(caller, nobody)).Failure,
            (await Aliases.MoveAsync(caller, nobody, "champion", 1)).Failure,
            (await Aliases.RemoveAsync(caller, nobody, "champion")).Failure,
            (await Versions.ArchiveAsync(caller, nobody)).Failure,
            (await Versions.RestoreAsync(caller, nobody)).Failure,
        ];

        Assert.All(failures, failure => Assert.Equal(FailureKind.NotFound, failure?.Kind));
    }

    private async Task<(RegistryExamples Example, Caller Caller)> StartAsync(int versions = 1) =>
        (await RegistryExamples.AddAsync(registry, versions), (await registry.AddPersonAsync(Roles.Operator)).Caller);

    private async Task<Model> ModelAsync(RegistryExamples example)
    {
        await using var db = await registry.Databases.CreateDbContextAsync();
        return await db.Models.AsNoTracking().SingleAsync(m => m.Id == example.Model.Id);
    }

    private async Task<string> StateAsync(RegistryExamples example)
    {
        await using var db = await registry.Databases.CreateDbContextAsync();
        var model = await db.Models.AsNoTracking().SingleAsync(m => m.Id == example.Model.Id);
        var aliases = await db.Aliases.Where(a => a.ModelId == model.Id).Select(a => a.Name + a.VersionId).ToListAsync();
        var versions = await db.Versions.Where(v => v.ModelId == model.Id).OrderBy(v => v.Number).Select(v => v.State.ToString()).ToListAsync();
        return $"{model.Description} {model.Revision} {string.Join(',', aliases)} {string.Join(',', versions)}";
    }
}
