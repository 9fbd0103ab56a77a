using AngleSharp.Dom;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Rollouts.Pages;
using Ops.Data.Approvals;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.ComponentTests.Features.Rollouts;

public sealed class RolloutPageTests
{
    [Fact]
    public async Task Page_Running_FollowsTheFeed_OpensAReplica_AndLeavesNoSubscriber()
    {
        await using var pages = await PagesContext.CreateAsync("operator");
        var asked = await pages.World.ApprovedAsync();
        var page = Open(pages, asked.Id);
        page.WaitForAssertion(() => Assert.Contains("digits #1", page.Find("h1").TextContent, StringComparison.Ordinal));
        Assert.Equal(1, pages.Feed.SubscriberCount);

        await pages.ReconcileAsync(asked.EndpointId);
        await pages.ReconcileAsync(asked.EndpointId);
        page.WaitForAssertion(() => Assert.Contains("Rolling out", page.Find(".page-header").TextContent, StringComparison.Ordinal));
        page.WaitForAssertion(() => Assert.Equal(2, page.FindAll(".replica-chip").Count));

        pages.World.Machine.AllGetFurther();
        await pages.ReconcileAsync(asked.EndpointId);
        await pages.ReconcileAsync(asked.EndpointId);
        page.WaitForAssertion(() => Assert.Contains("Succeeded", page.Find(".page-header").TextContent, StringComparison.Ordinal));
        Assert.Contains("2 of 2 replicas", page.Find(".rollout-track").TextContent, StringComparison.Ordinal);

        await pages.Bunit.DisposeComponentsAsync();
        Assert.Equal(0, pages.Feed.SubscriberCount);
        Assert.Equal(0, pages.Bunit.Services.GetRequiredService<Ops.Dashboard.Components.Controls.Ticker>().SubscriberCount);
    }

    [Fact]
    public async Task Page_Failed_SaysWhyFirstAndThenWhatToDo()
    {
        await using var pages = await PagesContext.CreateAsync("operator");
        pages.World.Machine.Broken[1] = "The file is not a model.";
        var asked = await pages.World.ApprovedAsync(change: d => d with { ProgressDeadlineSeconds = 10 });
        for (var i = 0; i < 15; i++)
        {
            pages.World.Machine.AllGetFurther();
            await pages.ReconcileAsync(asked.EndpointId);
        }

        var page = Open(pages, asked.Id);
        page.WaitForAssertion(() => Assert.Contains("The file is not a model", page.Find(".rollout-advice .notice-title").TextContent, StringComparison.Ordinal));
        Assert.Contains("Nothing runs on digits. Look at the events", page.Find(".rollout-advice").TextContent, StringComparison.Ordinal);
        Assert.False(Button(page, "Retry").IsDisabled());
        Assert.True(Button(page, "Abort").IsDisabled());
    }

    [Theory]
    [InlineData("operator", RolloutState.PendingApproval, "Withdraw")]
    [InlineData("oncall", RolloutState.PendingApproval, "")]
    [InlineData("oncall", RolloutState.Approved, "Abort")]
    [InlineData("oncall", RolloutState.Running, "Pause, Abort")]
    [InlineData("operator", RolloutState.Paused, "Resume, Abort")]
    [InlineData("operator", RolloutState.Succeeded, "")]
    [InlineData("operator", RolloutState.Failed, "Retry")]
    [InlineData("operator", RolloutState.Aborted, "Retry")]
    [InlineData("operator", RolloutState.Rejected, "")]
    public async Task Buttons_ByState_AreInTheirPlaces(string person, RolloutState state, string open)
    {
        await using var pages = await PagesContext.CreateAsync(person);
        var page = Open(pages, await BringToAsync(pages, state));
        page.WaitForAssertion(() => Assert.Equal(4, Buttons(page).Count));
        Assert.Equal(open, string.Join(", ", Buttons(page).Where(b => !b.IsDisabled()).Select(b => b.TextContent.Trim())));
        Assert.All(Buttons(page).Where(b => b.IsDisabled()), b => Assert.NotEmpty(b.GetAttribute("title")!));
    }

    [Theory]
    [InlineData("viewer")]
    [InlineData("approver")]
    public async Task Buttons_WithoutTheRight_AreNotThere(string person)
    {
        await using var pages = await PagesContext.CreateAsync(person);
        var page = Open(pages, await BringToAsync(pages, RolloutState.Running));
        page.WaitForAssertion(() => Assert.Contains("Rolling out", page.Markup, StringComparison.Ordinal));
        Assert.Empty(Buttons(page));
    }

    [Fact]
    public async Task RollBack_AfterASecondVersion_AsksForThePlanBefore()
    {
        await using var pages = await PagesContext.CreateAsync("operator");
        var first = await SucceedAsync(pages, 1);
        var second = await SucceedAsync(pages, 2);
        var page = Open(pages, second);
        page.WaitForAssertion(() => Assert.False(Button(page, "Roll back").IsDisabled()));

        var older = Open(pages, first);
        older.WaitForAssertion(() => Assert.False(Button(older, "Go back to this").IsDisabled()));
    }

    [Theory]
    [InlineData("approver", null)]
    [InlineData("uploader", "You uploaded this version")]
    [InlineData("operator", "The policy wants the word of somebody with the role Approver")]
    public async Task Decision_IsOfferedOnlyToThoseWhoMay(string person, string? refusal)
    {
        await using var pages = await PagesContext.CreateAsync(person);
        var asked = await pages.World.RequestAsync();
        var page = Open(pages, asked.Id);
        page.WaitForAssertion(() => Assert.Contains("Waiting for approval", page.Markup, StringComparison.Ordinal));
        Assert.Equal(refusal is null, page.FindAll("button").Any(b => b.TextContent.Trim() == "Approve"));
        Assert.Contains(refusal ?? "", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_UnknownRollout_SaysSo()
    {
        await using var pages = await PagesContext.CreateAsync("viewer");
        var page = Open(pages, Guid.NewGuid());
        page.WaitForAssertion(() => Assert.Contains("There is no such rollout", page.Markup, StringComparison.Ordinal));
    }

    private static IRenderedComponent<RolloutPage> Open(PagesContext pages, Guid id) => pages.Bunit.Render<RolloutPage>(p => p.Add(r => r.Id, id));

    private static IReadOnlyList<IElement> Buttons(IRenderedComponent<RolloutPage> page) => [.. page.FindAll(".page-actions button")];

    private static IElement Button(IRenderedComponent<RolloutPage> page, string label) => Buttons(page).Single(b => b.TextContent.Trim() == label);

    private static async Task<Guid> SucceedAsync(PagesContext pages, int version)
    {
        var asked = await pages.World.ApprovedAsync(version);
        for (var i = 0; i < 12; i++)
        {
            await pages.ReconcileAsync(asked.EndpointId);
            pages.World.Machine.AllGetFurther();
        }

        Assert.Equal(RolloutState.Succeeded, (await pages.World.RolloutAsync(asked.Id)).State);
        return asked.Id;
    }

    private static async Task<Guid> BringToAsync(PagesContext pages, RolloutState state)
    {
        var world = pages.World;
        if (state == RolloutState.Succeeded)
        {
            return await SucceedAsync(pages, 1);
        }

        var asked = await world.RequestAsync();
        if (state == RolloutState.PendingApproval)
        {
            return asked.Id;
        }

        Assert.True((await world.DecideAsync(asked.Id, state == RolloutState.Rejected ? Verdict.Reject : Verdict.Approve)).Succeeded);
        await using var db = world.Open();
        var rollout = await db.Rollouts.FindAsync(asked.Id);
        var endpoint = await db.Endpoints.FindAsync(asked.EndpointId);
        var now = world.Time.GetUtcNow();
        if (state is RolloutState.Running or RolloutState.Paused or RolloutState.Failed)
        {
            Assert.True(rollout!.Start(now).Succeeded);
        }

        _ = state switch
        {
            RolloutState.Paused => rollout!.Pause(now),
            RolloutState.Failed => rollout!.Fail("It could not.", now),
            RolloutState.Aborted => rollout!.Abort("Aborted.", now),
            _ => Ops.Data.Result.Done,
        };
        if (rollout!.IsFinal && endpoint!.ActiveRolloutId is not null)
        {
            Assert.True(endpoint.Settle(rollout.Id, null).Succeeded);
        }

        await db.SaveChangesAsync();
        return asked.Id;
    }
}
