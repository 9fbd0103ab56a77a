using AngleSharp.Dom;
using Bunit;
using Ops.Dashboard.ComponentTests.Features.Rollouts;
using Ops.Dashboard.Features.Approvals.Pages;
using Ops.Data.Approvals;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.ComponentTests.Features.Approvals;

public sealed class InboxPageTests
{
    [Fact]
    public async Task Card_ShowsWhoAsksWhatChangesAndWhatWasChecked()
    {
        await using var pages = await PagesContext.CreateAsync("approver");
        await pages.World.RequestAsync();
        var inbox = pages.Bunit.Render<InboxPage>();
        var card = inbox.WaitForElement("article").TextContent;
        Assert.Contains("2 replicas of digits 1", card, StringComparison.Ordinal);
        Assert.Contains("because", card, StringComparison.Ordinal);
        Assert.Contains("It changes production.", card, StringComparison.Ordinal);
        Assert.Equal(3, inbox.FindAll("ul[aria-label='Checked already'] .state-ok").Count);
    }

    [Fact]
    public async Task Approve_ByItsKey_BindsToWhatIsShown_AndTheCardStays()
    {
        await using var pages = await PagesContext.CreateAsync("approver");
        var asked = await pages.World.RequestAsync();
        var inbox = pages.Bunit.Render<InboxPage>();
        inbox.WaitForElement("button[data-key=a]").Click();
        inbox.WaitForAssertion(() => Assert.Contains("Approved by approver.", inbox.Find("article").TextContent, StringComparison.Ordinal));
        Assert.Empty(inbox.FindAll("button[data-key=a], button[data-key=r]"));

        var rollout = await pages.World.RolloutAsync(asked.Id);
        Assert.Equal(RolloutState.Approved, rollout.State);
        Assert.Equal((rollout.PlanHash, rollout.VersionDigest), (rollout.Decisions[0].PlanHash, rollout.Decisions[0].VersionDigest));
    }

    [Fact]
    public async Task Reject_WithoutAReason_IsNotSent()
    {
        await using var pages = await PagesContext.CreateAsync("approver");
        var asked = await pages.World.RequestAsync();
        var inbox = pages.Bunit.Render<InboxPage>();
        inbox.WaitForElement("button[data-key=r]").Click();
        Button(inbox, "Reject with this reason").Click();
        Assert.Contains("Say why", inbox.Find(".field-error").TextContent, StringComparison.Ordinal);
        Assert.Empty((await pages.World.RolloutAsync(asked.Id)).Decisions);

        inbox.Find("textarea").Input("Too much memory");
        Button(inbox, "Reject with this reason").Click();
        inbox.WaitForAssertion(() => Assert.Contains("Rejected by approver: Too much memory", inbox.Find("article").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keys_MoveTheSelection_AndOnlyTheSelectedCardHasThem()
    {
        await using var pages = await PagesContext.CreateAsync("approver");
        await pages.World.RequestAsync();
        pages.World.Time.Advance(TimeSpan.FromSeconds(1));
        await pages.World.RequestAsync(change: d => d with { Endpoint = "second" });
        var inbox = pages.Bunit.Render<InboxPage>();
        inbox.WaitForAssertion(() => Assert.Equal(2, inbox.FindAll("article").Count));
        Assert.Equal("digits #1", Selected(inbox));

        inbox.Find("button[data-key=j]").Click();
        Assert.Equal("second #1", Selected(inbox));
        inbox.Find("button[data-key=j]").Click();
        Assert.Equal("second #1", Selected(inbox));
        Assert.Single(inbox.FindAll("button[data-key=a]"));
        inbox.Find("button[data-key=k]").Click();
        Assert.Equal("digits #1", Selected(inbox));
    }

    [Fact]
    public async Task Decided_BySomebodyElse_TheCardSaysWhoInPlace()
    {
        await using var pages = await PagesContext.CreateAsync("approver");
        var asked = await pages.World.RequestAsync();
        var inbox = pages.Bunit.Render<InboxPage>();
        var approve = inbox.WaitForElement("button[data-key=a]");
        Assert.True((await pages.World.DecideAsync(asked.Id, Verdict.Reject, "approver-2", "no")).Succeeded);
        approve.Click();
        inbox.WaitForAssertion(() => Assert.Contains("Rejected by approver-2: no", inbox.Find("article").TextContent, StringComparison.Ordinal));
        Assert.Equal(RolloutState.Rejected, (await pages.World.RolloutAsync(asked.Id)).State);
    }

    [Fact]
    public async Task NewRequest_ComesWithTheFeed_AndNothingListensAfterwards()
    {
        await using var pages = await PagesContext.CreateAsync("approver");
        var inbox = pages.Bunit.Render<InboxPage>();
        var count = pages.Bunit.Render<InboxCount>();
        inbox.WaitForAssertion(() => Assert.Contains("Nothing waits for you", inbox.Markup, StringComparison.Ordinal));
        Assert.Equal(2, pages.Feed.SubscriberCount);

        var asked = await pages.World.RequestAsync();
        await pages.ReconcileAsync(asked.EndpointId);
        inbox.WaitForAssertion(() => Assert.Single(inbox.FindAll("article")));
        count.WaitForAssertion(() => Assert.StartsWith("1", count.Find(".count").TextContent, StringComparison.Ordinal));

        await pages.Bunit.DisposeComponentsAsync();
        Assert.Equal(0, pages.Feed.SubscriberCount);
    }

    [Theory]
    [InlineData("operator")]
    [InlineData("uploader")]
    [InlineData("oncall")]
    [InlineData("viewer")]
    public async Task Inbox_OfThoseWhoMayNotDecide_IsEmpty_AndShowsTheirOwnRequests(string person)
    {
        await using var pages = await PagesContext.CreateAsync(person);
        await pages.World.RequestAsync();
        var inbox = pages.Bunit.Render<InboxPage>();
        inbox.WaitForAssertion(() => Assert.Contains("Nothing waits for you", inbox.Markup, StringComparison.Ordinal));
        Assert.Equal(person == "operator" ? 1 : 0, inbox.FindAll("section[aria-label='What I asked for'] tbody tr").Count);
    }

    private static string Selected(IRenderedComponent<InboxPage> inbox) => inbox.Find(".decision-card-selected").GetAttribute("aria-label")!;

    private static IElement Button(IRenderedComponent<InboxPage> inbox, string label) => inbox.FindAll("button").Single(b => b.TextContent.Trim() == label);
}
