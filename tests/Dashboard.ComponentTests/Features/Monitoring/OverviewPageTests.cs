using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring.Fleet;
using Ops.Dashboard.Features.Monitoring.Pages;
using Ops.Data.Targets;

namespace Ops.Dashboard.ComponentTests.Features.Monitoring;

public sealed class OverviewPageTests
{
    [Fact]
    public async Task Overview_NothingYet_ThreeStepsOfWhichTheFirstIsNext()
    {
        await using var context = await FleetContext.CreateAsync();
        var page = context.Render<OverviewPage>();
        page.WaitForAssertion(() => Assert.Equal("Upload a model", page.Find(".first-step-current h3").TextContent));
        Assert.Equal("/models/upload", page.Find(".first-step-current a").GetAttribute("href"));
        Assert.Empty(page.FindAll(".tile"));
        Assert.Empty(page.FindAll(".fleet-count"));
    }

    [Fact]
    public async Task Overview_Endpoints_WorstFirstWithCountsAndNoSubscriberAfterwards()
    {
        await using var context = await FleetContext.CreateAsync();
        var page = context.Render<OverviewPage>();
        page.WaitForElement(".first-steps");
        context.Feed.Status.Publish(new(new(true, true, true)));
        context.Feed.Tiles.Publish(FleetContext.Tile("alpha", Health.Healthy));
        context.Feed.Tiles.Publish(FleetContext.Tile("beta", Health.Burning));
        context.Feed.Tiles.Publish(FleetContext.Tile("gamma", Health.Healthy, rollout: FleetContext.Rolling()));
        context.Time.Advance(TimeSpan.FromSeconds(1));

        page.WaitForAssertion(() => Assert.Equal(["beta", "gamma", "alpha"], page.FindAll(".tile-name").Select(n => n.TextContent.Trim())));
        Assert.Empty(page.FindAll(".first-steps"));
        Assert.Equal(["1", "0", "1", "0"], page.FindAll(".fleet-count strong").Select(n => n.TextContent));
        Assert.Equal(["/endpoints?health=burning", "/endpoints?health=degraded", "/endpoints?health=rolling", "/inbox"], page.FindAll("a.fleet-count").Select(a => a.GetAttribute("href")));
        var burning = page.FindAll(".tile")[0];
        Assert.Equal("Burning", burning.QuerySelector(".badge")!.TextContent.Trim());
        Assert.NotNull(burning.QuerySelector(".badge svg"));
        Assert.Contains("20 %", burning.QuerySelector(".tile-bad")!.TextContent, StringComparison.Ordinal);
        Assert.Equal("beta is Burning.", burning.QuerySelector(".tile-note")!.TextContent.Trim());
        Assert.Contains("Rollout 7: 1 of 2 ready.", page.FindAll(".tile")[1].TextContent, StringComparison.Ordinal);
        Assert.Equal("/endpoints/beta", burning.QuerySelector("a")!.GetAttribute("href"));

        Assert.True(context.Feed.IsWatched);
        await context.DisposeComponentsAsync();
        Assert.Equal((0, 0), (context.Feed.Tiles.SubscriberCount, context.Feed.Status.SubscriberCount));
    }

    [Fact]
    public async Task Overview_EnvironmentInTheAddress_OnlyItsEndpointsAndCounts()
    {
        await using var context = await FleetContext.CreateAsync();
        context.Services.GetRequiredService<NavigationManager>().NavigateTo("/?env=staging");
        var page = context.Render<OverviewPage>();
        page.WaitForElement(".first-steps");
        context.Feed.Status.Publish(new(new(true, true, true)));
        context.Feed.Tiles.Publish(FleetContext.Tile("prod", Health.Burning));
        context.Feed.Tiles.Publish(FleetContext.Tile("rehearsal", Health.Healthy, TargetEnvironment.Staging));
        context.Time.Advance(TimeSpan.FromSeconds(1));

        page.WaitForAssertion(() => Assert.Equal("rehearsal", Assert.Single(page.FindAll(".tile-name")).TextContent.Trim()));
        Assert.Equal("0", page.Find(".fleet-count strong").TextContent);
        Assert.Equal("/endpoints?health=burning&env=staging", page.Find("a.fleet-count").GetAttribute("href"));
    }

    [Fact]
    public async Task Overview_FiftyEndpoints_Dense()
    {
        await using var context = await FleetContext.CreateAsync();
        var page = context.Render<OverviewPage>();
        page.WaitForElement(".first-steps");
        for (var i = 0; i < 50; i++)
        {
            context.Feed.Tiles.Publish(FleetContext.Tile($"endpoint-{i:D2}", Health.Healthy));
        }

        context.Time.Advance(TimeSpan.FromSeconds(1));
        page.WaitForAssertion(() => Assert.Equal(50, page.FindAll(".tile-grid-dense .tile-dense").Count));
    }

    [Fact]
    public async Task Overview_Stale_SaysSinceWhen()
    {
        await using var context = await FleetContext.CreateAsync();
        var page = context.Render<OverviewPage>();
        page.WaitForElement(".first-steps");
        context.Feed.Status.Publish(new(new(true, true, true), new DateTimeOffset(2026, 11, 22, 9, 8, 7, TimeSpan.Zero), "The registry does not answer."));
        context.Time.Advance(TimeSpan.FromSeconds(1));
        page.WaitForAssertion(() => Assert.Contains("Data stale since 09:08:07 UTC", page.Find("[role=alert]").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Wall_Endpoints_TilesWithoutAnythingToPress()
    {
        await using var context = await FleetContext.CreateAsync();
        context.Feed.Tiles.Publish(FleetContext.Tile("gone", Health.Healthy));
        var page = context.Render<WallPage>();
        page.WaitForElement(".empty");
        context.Feed.Tiles.Publish(FleetContext.Tile("alpha", Health.Healthy));
        context.Time.Advance(TimeSpan.FromSeconds(1));
        page.WaitForAssertion(() => Assert.Single(page.FindAll(".tile-grid-huge .tile")));
        Assert.Empty(page.FindAll("button"));
        Assert.Empty(page.FindAll("a.fleet-count"));
    }

    [Fact]
    public async Task List_FilterAndSortInTheAddress_RowsFollow()
    {
        await using var context = await FleetContext.CreateAsync();
        context.Services.GetRequiredService<NavigationManager>().NavigateTo("/endpoints?sort=-name&health=healthy");
        var page = context.Render<EndpointsPage>();
        page.WaitForElement(".toolbar");
        foreach (var tile in new[] { FleetContext.Tile("alpha", Health.Healthy), FleetContext.Tile("beta", Health.Burning), FleetContext.Tile("gamma", Health.Healthy) })
        {
            context.Feed.Tiles.Publish(tile);
        }

        context.Time.Advance(TimeSpan.FromSeconds(1));
        page.WaitForAssertion(() => Assert.Equal(["gamma", "alpha"], page.FindAll("tbody tr td:first-child").Select(c => c.TextContent.Trim())));
        Assert.Equal("descending", page.Find("th[aria-sort]").GetAttribute("aria-sort"));
        Assert.Equal("2 of 3 endpoints", page.Find("[role=status]").TextContent);
    }
}
