using AngleSharp.Dom;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Rollouts.Gates;
using Ops.Dashboard.Features.Rollouts.Pages;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.ComponentTests.Features.Rollouts;

/// <summary>Going on with the next step by hand.</summary>
public sealed class RolloutButtonsTests
{
    private static readonly PlanGate Errors = new() { Metric = GateMetrics.ErrorRate, Max = 0.01, MinRequests = 1, WindowSeconds = 600 };

    [Fact]
    public async Task Promote_AGateHasNoFigure_WantsAReasonAndKeepsIt()
    {
        await using var pages = await PagesContext.CreateAsync("operator");
        var (page, host, id) = await OpenAsync(pages, Errors);

        Promote(page).Click();
        host.WaitForAssertion(() => Assert.Contains("Not every gate is known to hold", host.Markup, StringComparison.Ordinal));
        Assert.True(host.Find("button[type=submit]").HasAttribute("disabled"));
        host.Find("textarea").Input("The figures come late tonight.");
        host.Find("form").Submit();

        page.WaitForAssertion(() => Assert.Contains("digits #2 goes on.", Toasts(pages), StringComparison.Ordinal));
        Assert.Equal("The figures come late tonight.", Assert.Single(await pages.World.AuditAsync("rollout.promote")).Reason);
        Assert.True((await pages.World.RolloutAsync(id)).IsPromoted);
    }

    [Fact]
    public async Task Promote_Cancelled_ChangesNothing()
    {
        await using var pages = await PagesContext.CreateAsync("operator");
        var (page, host, id) = await OpenAsync(pages, Errors);

        Promote(page).Click();
        host.WaitForElement("form");
        host.FindAll(".dialog-footer button").Single(b => b.GetAttribute("type") != "submit").Click();

        host.WaitForAssertion(() => Assert.Empty(host.FindAll("form")));
        Assert.Empty(await pages.World.AuditAsync("rollout.promote"));
        Assert.False((await pages.World.RolloutAsync(id)).IsPromoted);
    }

    [Fact]
    public async Task Promote_EveryGateHolds_AsksOnlyOnce()
    {
        await using var pages = await PagesContext.CreateAsync("operator");
        var (page, host, id) = await OpenAsync(pages, Errors, GateVerdict.Write([new(0, GateAnswer.Holds, "It holds.", 0, 0, pages.World.Time.GetUtcNow())]));

        Promote(page).Click();
        host.WaitForAssertion(() => Assert.Contains("What is left of this step's pause is skipped.", host.Markup, StringComparison.Ordinal));
        Assert.Empty(host.FindAll("textarea"));
        host.Find("form").Submit();

        page.WaitForAssertion(() => Assert.Contains("digits #2 goes on.", Toasts(pages), StringComparison.Ordinal));
        Assert.True((await pages.World.RolloutAsync(id)).IsPromoted);
    }

    private static async Task<(IRenderedComponent<RolloutButtons> Page, IRenderedComponent<ConfirmHost> Host, Guid Id)> OpenAsync(PagesContext pages, PlanGate gate, string? verdicts = null)
    {
        var world = pages.World;
        var first = await world.ApprovedAsync();
        for (var i = 0; i < 12; i++)
        {
            await pages.ReconcileAsync(first.EndpointId);
            world.Machine.AllGetFurther();
        }

        var canary = await world.ApprovedAsync(2, d => d with { Strategy = "canary", Steps = [new PlanStep { Weight = 10, PauseSeconds = 600 }], Gates = [gate] });
        for (var i = 0; i < 6; i++)
        {
            await pages.ReconcileAsync(canary.EndpointId);
            world.Machine.AllGetFurther();
        }

        await using (var db = world.Open())
        {
            var rollout = db.Rollouts.Single(r => r.Id == canary.Id);
            Assert.NotNull(rollout.StepReachedAt);
            rollout.Judge(verdicts);
            await db.SaveChangesAsync();
        }

        var detail = (await world.Get<RolloutReader>().FindAsync(canary.Id, false, default))!;
        var host = pages.Bunit.Render<ConfirmHost>();
        return (pages.Bunit.Render<RolloutButtons>(p => p.Add(b => b.Detail, detail).Add(b => b.Answered, _ => { })), host, canary.Id);
    }

    private static IElement Promote(IRenderedComponent<RolloutButtons> page) => page.FindAll("button").Single(b => b.TextContent.Trim() == "Promote");

    private static string Toasts(PagesContext pages) => string.Join('\n', pages.Bunit.Services.GetRequiredService<ToastService>().Current.Select(t => t.Text));
}
