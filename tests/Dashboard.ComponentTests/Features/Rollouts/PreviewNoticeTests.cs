using Bunit;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Rollouts.Pages;
using Ops.Dashboard.Features.Serving;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.ComponentTests.Features.Rollouts;

public sealed class PreviewNoticeTests
{
    private const string Path = "serve/digits/preview/v2/models/digits";

    [Theory]
    [InlineData(false, "Preview of the new version")]
    [InlineData(true, "The preview waits for your word")]
    public async Task BlueGreen_ShowsWhereTheNewVersionAnswers(bool waits, string expected)
    {
        await using var pages = await PagesContext.CreateAsync("operator");

        var notice = await RenderAsync(pages, "blue-green", new(0, null, []) { PreviewPath = Path, WaitsForPerson = waits });

        Assert.Equal(expected, notice.Find(".notice-title").TextContent);
        Assert.Equal($"http://localhost/{Path}", notice.Find(".mono").TextContent);
        Assert.Equal($"http://localhost/{Path}", notice.Find("[data-copy]").GetAttribute("data-copy"));
        Assert.Contains("Clients still get the stable version", notice.Markup, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("blue-green", 1)]
    [InlineData("canary", 0)]
    [InlineData("shadow", 1)]
    public async Task NothingToTry_ShowsNothing(string strategy, int step)
    {
        await using var pages = await PagesContext.CreateAsync("operator");

        Assert.Empty((await RenderAsync(pages, strategy, new(step, null, []))).Markup.Trim());
    }

    [Fact]
    public async Task Shadow_AtWork_SaysThatNobodyGetsItsAnswers()
    {
        await using var pages = await PagesContext.CreateAsync("operator");

        var notice = await RenderAsync(pages, "shadow", new(0, null, []));

        Assert.Equal("The new version gets a copy of 40 % of the requests", notice.Find(".notice-title").TextContent);
        Assert.Contains("thrown away", notice.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shadow_CopiesAreDropped_CountsThemWhileItIsLookedAt()
    {
        await using var pages = await PagesContext.CreateAsync("operator");
        var notice = await RenderAsync(pages, "shadow", new(0, null, []));
        Assert.Contains("0 sent, none dropped", notice.Find(".shadow-tally").TextContent, StringComparison.Ordinal);

        // A body that is too large is not copied.
        var tally = notice.FindComponent<ShadowTally>().Instance;
        DefaultHttpContext request = new();
        request.Request.ContentLength = BodyCopies.Longest + 1;
        EndpointRoute route = new(Guid.NewGuid(), "digits", false, new HashSet<Guid>()) { Shadow = (tally.PlanId, 100) };
        Assert.Null(pages.World.Get<ShadowCopies>().Begin(route, request));
        Assert.Null(pages.World.Get<ShadowCopies>().Begin(route with { Shadow = (Guid.NewGuid(), 100) }, request));
        pages.Bunit.Services.GetRequiredService<MonitoringFeed>().Pulses.Publish(new() { Endpoint = new(Guid.NewGuid(), "other", Guid.NewGuid()), At = pages.World.Time.GetUtcNow(), Health = Health.Healthy });

        pages.World.Time.Advance(TimeSpan.FromSeconds(2));
        notice.WaitForAssertion(() => Assert.Contains("0 sent, 1 dropped", notice.Find(".shadow-tally").TextContent, StringComparison.Ordinal), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Canary_WaitsForAPerson_SaysWhatToPress()
    {
        await using var pages = await PagesContext.CreateAsync("operator");

        var notice = await RenderAsync(pages, "canary", new(0, null, []) { WaitsForPerson = true });

        Assert.Equal("It waits for a person", notice.Find(".notice-title").TextContent);
        Assert.Contains("Press Promote", notice.Markup, StringComparison.Ordinal);
    }

    private static async Task<IRenderedComponent<PreviewNotice>> RenderAsync(PagesContext pages, string strategy, RolloutProgressView progress)
    {
        var asked = await pages.World.ApprovedAsync();
        await pages.ReconcileAsync(asked.EndpointId);
        var detail = (await pages.World.Get<RolloutReader>().FindAsync(asked.Id, false, default))!;
        Assert.Equal(RolloutState.Running, detail.Rollout.State);
        detail = detail with { Plan = detail.Plan with { Strategy = new() { Name = strategy, Steps = [new() { Weight = 40 }] } } };
        return pages.Bunit.Render<PreviewNotice>(p => p.Add(n => n.Detail, detail).Add(n => n.Progress, progress));
    }
}
