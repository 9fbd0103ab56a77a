using Ops.Dashboard.Features.Approvals;
using Ops.Dashboard.Features.Rollouts.Pages;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Dashboard.Features.Rollouts.Queries;
using Ops.Dashboard.Tests.Features.Rollouts.Execution;
using Ops.Data.Approvals;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Tests.Features.Rollouts.Queries;

public sealed class QueriesTests
{
    [Theory]
    [InlineData(Database.Sqlite)]
    [InlineData(Database.Postgres)]
    public async Task List_PagedByKeys_GivesEachOnceNewestFirst(Database database)
    {
        await using var world = await OpsWorld.CreateAsync(database);
        for (var i = 0; i < 7; i++)
        {
            await world.RequestAsync(1 + (i % 4), change: d => d with { Endpoint = $"e{i}" });
            world.Time.Advance(TimeSpan.FromSeconds(1));
        }

        List<RolloutItem> all = [];
        Guid? next = null;
        do
        {
            var page = await world.Get<RolloutQueries>().ListAsync(new(), next, 3);
            Assert.InRange(page.Items.Count, 1, 3);
            all.AddRange(page.Items);
            next = page.Next;
        }
        while (next is not null);

        Assert.Equal(["e6", "e5", "e4", "e3", "e2", "e1", "e0"], all.Select(i => i.Endpoint));
        Assert.Equal(("digits", 3, 1, 0), (all[0].Model, all[0].Version, all[0].RequiredApprovals, all[0].Approvals));
    }

    [Theory]
    [InlineData(Database.Sqlite)]
    [InlineData(Database.Postgres)]
    public async Task List_Filtered_NarrowsByEachFilter(Database database)
    {
        await using var world = await OpsWorld.CreateAsync(database);
        var one = await world.ApprovedAsync(1);
        world.Time.Advance(TimeSpan.FromSeconds(1));
        var two = await world.RequestAsync(2, by: "uploader", change: d => d with { Endpoint = "other" });
        var queries = world.Get<RolloutQueries>();

        Assert.Equal([one.Id], await IdsAsync(new() { States = [RolloutState.Approved, RolloutState.Running] }));
        Assert.Equal([two.Id], await IdsAsync(new() { EndpointId = two.EndpointId }));
        Assert.Equal([two.Id], await IdsAsync(new() { RequestedById = world.People["uploader"].Id }));
        Assert.Equal([two.Id], await IdsAsync(new() { Text = " OTH" }));
        Assert.Equal([two.Id, one.Id], await IdsAsync(new() { Environment = TargetEnvironment.Production }));
        Assert.Empty(await IdsAsync(new() { Environment = TargetEnvironment.Dev }));

        async Task<IEnumerable<Guid>> IdsAsync(RolloutFilter filter) => (await queries.ListAsync(filter)).Items.Select(i => i.Id);
    }

    [Fact]
    public async Task Find_WaitingRollout_ComparesWithWhatRunsNow()
    {
        await using var world = await OpsWorld.CreateAsync();
        var waiting = await world.RequestAsync(2);
        var first = await world.RequestAsync(1);
        await world.DecideAsync(first.Id, Verdict.Approve);
        var controller = await Controller.StartAsync(world);

        // The older one gave way to the newer one, so ask anew and let something else become stable meanwhile.
        Assert.Equal(RolloutState.Superseded, await controller.StateAsync(waiting.Id));
        await controller.SettleAsync(first.EndpointId);
        var next = await world.RequestAsync(3, change: d => d with { Replicas = 1 });

        var detail = (await world.Get<RolloutReader>().FindAsync(next.Id, withEvents: true, default))!;

        Assert.Equal([("Version", "digits 1", "digits 3"), ("Replicas", "2", "1")], PlanDiff.Between(detail.Previous, detail.Plan).Select(c => (c.Label, c.Old, c.New)));
        Assert.Contains(PlanRisks.Of(detail.Previous, detail.Plan), r => r.Message.Contains("Fewer replicas", StringComparison.Ordinal));
        Assert.Equal("1 replica of digits 3 on this machine, 1 thread and 256 MiB; rolling, one at a time.", PlanSentence.Of(detail.Plan, detail.Target.Kind));
        Assert.Null(detail.Damage);
        Assert.Single(detail.Events);
    }

    [Fact]
    public async Task Inbox_ByRules_ShowsEachPersonOnlyWhatThatPersonCanDecide()
    {
        await using var world = await OpsWorld.CreateAsync();
        await world.ChangePolicyAsync(2);
        var asked = await world.RequestAsync(1);
        var inbox = world.Get<InboxQueries>();

        foreach (var (name, count) in new[] { ("approver", 1), ("approver-2", 1), ("operator", 0), ("uploader", 0), ("viewer", 0), ("administrator", 0) })
        {
            Assert.Equal(count, await inbox.CountAsync(world.People[name].Id));
        }

        Assert.Equal([asked.Id], (await inbox.ReadAsync(world.People["approver"].Id)).WaitsForMe.Select(i => i.Id));
        Assert.Equal([asked.Id], (await inbox.ReadAsync(world.People["operator"].Id)).Mine.Select(i => i.Id));
        await world.DecideAsync(asked.Id, Verdict.Approve);
        Assert.Equal(0, await inbox.CountAsync(world.People["approver"].Id));
        Assert.Equal(1, await inbox.CountAsync(world.People["approver-2"].Id));
        world.Time.Advance(TimeSpan.FromHours(73));
        Assert.Equal(0, await inbox.CountAsync(world.People["approver-2"].Id));
    }

    [Theory]
    [InlineData(Database.Sqlite)]
    [InlineData(Database.Postgres)]
    public async Task Endpoints_ListAndHistory_ShowWhatRunsAndWhatCanBeGoneBackTo(Database database)
    {
        await using var world = await OpsWorld.CreateAsync(database);
        var controller = await Controller.StartAsync(world);
        var first = await world.ApprovedAsync(1);
        await controller.SettleAsync(first.EndpointId);
        var second = await world.ApprovedAsync(2);
        await controller.SettleAsync(first.EndpointId);
        await world.RequestAsync(3);
        var queries = world.Get<EndpointQueries>();

        var item = Assert.Single(await queries.ListAsync(new() { Environment = TargetEnvironment.Production, Text = "dig" }));

        Assert.Equal(("digits 2", 2, 2, 1, null), (item.Current, item.Ready, item.Wanted, item.Waiting, item.Active));
        Assert.Empty(await queries.ListAsync(new() { Environment = TargetEnvironment.Staging }));
        Assert.Equal(item.Id, (await queries.FindAsync("digits"))!.Id);
        var history = (await queries.HistoryAsync(first.EndpointId)).Items;
        Assert.Equal([(3, false), (2, false), (1, true)], history.Select(h => (h.Item.Number, h.CanReturn)));
        Assert.Equal(RolloutState.Succeeded, await controller.StateAsync(second.Id));
    }

    [Fact]
    public async Task Palette_EndpointsAndRollouts_AreFoundByNameAndNumber()
    {
        await using var world = await OpsWorld.CreateAsync();
        var asked = await world.RequestAsync(1);
        await world.RequestAsync(2);
        EndpointPalette endpoints = new(world.Get<EndpointQueries>());
        RolloutPalette rollouts = new(world.Get<RolloutQueries>());

        Assert.Equal("/endpoints/digits", Assert.Single(await endpoints.SearchAsync("git", default)).Href);
        Assert.Equal($"/rollouts/{asked.Id}", Assert.Single(await rollouts.SearchAsync("digits #1", default)).Href);
        Assert.Equal(2, (await rollouts.SearchAsync("", default)).Count);
        Assert.Empty(await endpoints.SearchAsync("nothing such", default));
    }
}
