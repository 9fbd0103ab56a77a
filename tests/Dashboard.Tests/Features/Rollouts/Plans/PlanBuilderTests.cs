using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Data.Registry;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Rollouts.Plans;

public sealed class PlanBuilderTests
{
    public static TheoryData<string, string> Mistakes => new()
    {
        { PlanFields.Endpoint, "" },
        { PlanFields.Endpoint, "../../etc/passwd" },
        { PlanFields.Endpoint, "<script>" },
        { PlanFields.Endpoint, "dıgits" },
        { PlanFields.Endpoint, "Digits" },
        { PlanFields.Target, "none" },
        { PlanFields.Version, "none" },
        { PlanFields.Replicas, "0" },
        { PlanFields.Replicas, "65" },
        { PlanFields.CpuThreads, "0" },
        { PlanFields.CpuThreads, "257" },
        { PlanFields.MemoryMiB, "63" },
        { PlanFields.MemoryMiB, "70000" },
        { PlanFields.Gpus, "-1" },
        { PlanFields.MaxSurge, "0" },
        { PlanFields.ProgressDeadline, "9" },
        { PlanFields.ProgressDeadline, "3601" },
        { PlanFields.Strategy, "big-bang" },
        { PlanFields.Nodes, "elsewhere" },
        { PlanFields.EnvironmentVariables, "LD_PRELOAD=/tmp/x.so" },
        { PlanFields.EnvironmentVariables, "A B=1" },
        { PlanFields.EnvironmentVariables, "=1" },
        { PlanFields.EnvironmentVariables, "X=1;X=2" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task Check_Mistake_IsNamedAtItsField(string field, string value)
    {
        await using var world = await OpsWorld.CreateAsync();
        await using var db = world.Open();
        var draft = Spoil(world.Draft(), field, value);

        var check = await world.Get<PlanBuilder>().CheckAsync(db, draft, default);

        Assert.Null(check.Spec);
        Assert.Equal([field], check.Failures.Select(f => f.Field));
        Assert.All(check.Failures, f => Assert.EndsWith(".", f.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Check_SeveralMistakes_AreAllNamed()
    {
        await using var world = await OpsWorld.CreateAsync();
        await using var db = world.Open();

        var check = await world.Get<PlanBuilder>().CheckAsync(db, world.Draft() with { Endpoint = "", Replicas = 0, Strategy = "" }, default);

        Assert.Equal([PlanFields.Endpoint, PlanFields.Replicas, PlanFields.Strategy], check.Failures.Select(f => f.Field));
    }

    [Theory]
    [InlineData(VersionState.Archived)]
    [InlineData(VersionState.Damaged)]
    public async Task Check_VersionNotReady_IsRefused(VersionState state)
    {
        await using var world = await OpsWorld.CreateAsync();
        await using (var db = world.Open())
        {
            var version = await db.Versions.SingleAsync(v => v.Id == world.Versions[0].Id);
            if (state == VersionState.Archived)
            {
                version.Archive();
            }
            else
            {
                version.MarkDamaged();
            }

            await db.SaveChangesAsync();
        }

        await using var fresh = world.Open();
        Assert.Equal(PlanFields.Version, Assert.Single((await world.Get<PlanBuilder>().CheckAsync(fresh, world.Draft(), default)).Failures).Field);
    }

    [Fact]
    public async Task Check_FilesAlteredBehindOurBack_IsRefused()
    {
        await using var world = await OpsWorld.CreateAsync();
        await using var db = world.Open();
        await db.VersionFiles.Where(f => f.VersionId == world.Versions[0].Id).ExecuteUpdateAsync(f => f.SetProperty(x => x.Sha256, new string('f', 64)));

        var failure = Assert.Single((await world.Get<PlanBuilder>().CheckAsync(db, world.Draft(), default)).Failures);

        Assert.Equal(PlanFields.Version, failure.Field);
        Assert.Contains("digest", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_RetiredEndpoint_KeepsItsNameTaken()
    {
        await using var world = await OpsWorld.CreateAsync();
        var asked = await world.RequestAsync();
        Assert.True((await world.Get<EndpointCommands>().RetireAsync(world.As("operator"), asked.EndpointId)).Succeeded);
        await using var db = world.Open();

        var check = await world.Get<PlanBuilder>().CheckAsync(db, world.Draft(), default);

        Assert.Equal(PlanFields.Endpoint, Assert.Single(check.Failures).Field);
    }

    [Fact]
    public async Task Check_SameDraftTwice_GivesTheSameHashWhateverTheOrder()
    {
        await using var world = await OpsWorld.CreateAsync();
        await using var db = world.Open();
        var builder = world.Get<PlanBuilder>();
        var draft = world.Draft() with { EnvironmentVariables = [new("B", "2"), new("A", "1")] };

        var one = (await builder.CheckAsync(db, draft, default)).Spec!;
        var other = (await builder.CheckAsync(db, draft with { EnvironmentVariables = [new("A", "1"), new("B", "2")] }, default)).Spec!;

        Assert.Equal(PlanSpec.HashOf(one.ToCanonicalJson()), PlanSpec.HashOf(other.ToCanonicalJson()));
    }

    private static DraftPlan Spoil(DraftPlan draft, string field, string value) => field switch
    {
        PlanFields.Endpoint => draft with { Endpoint = value },
        PlanFields.Target => draft with { TargetId = Guid.NewGuid() },
        PlanFields.Version => draft with { VersionId = Guid.NewGuid() },
        PlanFields.Replicas => draft with { Replicas = int.Parse(value) },
        PlanFields.CpuThreads => draft with { CpuThreads = int.Parse(value) },
        PlanFields.MemoryMiB => draft with { MemoryMiB = int.Parse(value) },
        PlanFields.Gpus => draft with { Gpus = int.Parse(value) },
        PlanFields.MaxSurge => draft with { MaxSurge = int.Parse(value) },
        PlanFields.ProgressDeadline => draft with { ProgressDeadlineSeconds = int.Parse(value) },
        PlanFields.Strategy => draft with { Strategy = value },
        PlanFields.Nodes => draft with { Nodes = [value] },
        PlanFields.EnvironmentVariables => draft with { EnvironmentVariables = [.. value.Split(';').Select(v => new DraftVariable(v.Split('=')[0], v.Split('=')[1]))] },
        _ => throw new ArgumentOutOfRangeException(nameof(field)),
    };
}
