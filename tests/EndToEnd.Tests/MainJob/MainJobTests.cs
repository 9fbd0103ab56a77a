using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using Ops.Data.Access;
using Ops.Data.Audit;
using Ops.Data.Rollouts;
using Ops.EndToEnd.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Ops.EndToEnd.Tests.MainJob;

/// <summary>The whole road, with two people on one machine: nothing is put into the registry but their accounts.</summary>
public sealed partial class MainJobTests(BrowserFixture browser, ITestOutputHelper output) : BrowserTest(browser)
{
    private const string Name = "digits";
    private const int Load = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Digits digits = Digits.Read();
    private readonly HttpClient http = new();
    private DashboardProcess dashboard = null!;
    private SignedIn olga = null!;
    private SignedIn anton = null!;

    public override async ValueTask InitializeAsync()
    {
        dashboard = Own(await DashboardProcess.StartAsync());
        http.BaseAddress = dashboard.Address;

        // The operator may also decide on what others ask for, so that only whose plan it is keeps her from approving this one.
        olga = Own(await Browser.SignInAsync(dashboard, await dashboard.AddPersonAsync(Roles.Operator | Roles.Approver, "olga")));
        anton = Own(await Browser.SignInAsync(dashboard, await dashboard.AddPersonAsync(Roles.Approver | Roles.OnCall, "anton")));
    }

    public override async ValueTask DisposeAsync()
    {
        http.Dispose();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task MainJob_FromAFileInTheBrowserToAServedEndpointAndBack_IsDoneByTwoPeople()
    {
        await Road.UploadAsync(olga, Digits.CnnFile, Name, 1);
        var first = await PlanInTheWizardAsync(olga);
        await SeeThatItWaitsAsync(first);
        await ApproveAndWatchAsync(first);
        await digits.AssertServedAsync(http, Name, Name, "cnn");
        await AskInThePlaygroundAsync();
        await SeeTrafficInChartsAsync();

        await Road.UploadAsync(olga, Digits.MlpFile, Name, 2, drop: true);
        var second = await ReplaceUnderLoadAsync();
        await digits.AssertServedAsync(http, Name, Name, "mlp");

        var third = await RollBackAsync(second);
        await digits.AssertServedAsync(http, Name, Name, "cnn");
        await SeeHistoryAsync();
        await SeeOneAuditEntryEachAsync(first, second, third);
        Assert.Equal(2, dashboard.Runtimes.Count);
        Assert.Empty(olga.Errors);
        Assert.Empty(anton.Errors);
        await Screenshots.TakeAsync(dashboard, olga, anton);
    }

    /// <summary>From the version's page through all five steps, with the mouse and the keyboard.</summary>
    private static async Task<Guid> PlanInTheWizardAsync(SignedIn window)
    {
        var page = window.Page;
        await page.GetByRole(AriaRole.Link, new() { Name = "Roll out" }).ClickAsync();
        await window.SettleAsync();

        // Whoever comes from a version's page has chosen already; one step back shows what.
        await page.GetByRole(AriaRole.Button, new() { Name = "Back" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Radio, new() { NameRegex = new Regex("digits version 1") })).ToBeCheckedAsync();
        await NextAsync();
        await page.GetByLabel("Endpoint", new() { Exact = true }).FillAsync(Name);
        await Expect(page.GetByRole(AriaRole.Table)).ToContainTextAsync("fits");
        await NextAsync();
        await page.GetByLabel("Replicas", new() { Exact = true }).FillAsync("2");
        await page.GetByLabel("Memory of each in MiB").FillAsync("256");
        await NextAsync();
        await page.GetByRole(AriaRole.Radio, new() { NameRegex = new Regex("^Rolling") }).CheckAsync();
        await NextAsync();
        await Expect(page.GetByRole(AriaRole.Complementary, new() { Name = "Summary" })).ToContainTextAsync("2 replicas");
        await page.GetByLabel("Why").FillAsync("the first digits model");
        return await Road.SubmitAsync(window);

        Task NextAsync() => page.GetByRole(AriaRole.Button, new() { Name = "Next" }).ClickAsync();
    }

    private async Task SeeThatItWaitsAsync(Guid rolloutId)
    {
        // Hers alone: there is a refusal and no button, and her inbox lists it among what she asked for.
        await Expect(olga.Page.GetByText("somebody else must decide")).ToBeVisibleAsync();
        await Expect(olga.Page.GetByRole(AriaRole.Button, new() { Name = "Approve" })).ToBeHiddenAsync();
        await olga.GoAsync("/inbox");
        await Expect(olga.Page.GetByRole(AriaRole.Heading, new() { Name = "Nothing waits for you" })).ToBeVisibleAsync();
        await Expect(olga.Page.GetByRole(AriaRole.Table)).ToContainTextAsync($"{Name} #1");

        // Nothing runs before the word of the other.
        Assert.Empty(dashboard.Runtimes);
        await using var db = dashboard.OpenRegistry();
        Assert.Equal(RolloutState.PendingApproval, await db.Rollouts.Where(r => r.Id == rolloutId).Select(r => r.State).SingleAsync());
    }

    private async Task ApproveAndWatchAsync(Guid rolloutId)
    {
        // She keeps the page open while he decides; it tells her by itself.
        await olga.GoAsync($"/rollouts/{rolloutId}");
        await Road.ApproveAsync(anton, Name);
        var chips = olga.Page.GetByRole(AriaRole.Region, new() { Name = "New" }).GetByText("Ready", new() { Exact = true });
        await Expect(chips).ToHaveCountAsync(2, new() { Timeout = 60_000 });
        await Expect(olga.Page.GetByRole(AriaRole.Region, new() { Name = "Decisions" })).ToContainTextAsync("anton approved");
        Assert.Equal(RolloutState.Succeeded, await Road.EndOfAsync(dashboard, rolloutId, Patience));
        await Expect(olga.Page.GetByRole(AriaRole.Region, new() { Name = "Events", Exact = true })).ToContainTextAsync("runs as planned");
    }

    private async Task AskInThePlaygroundAsync()
    {
        var page = olga.Page;
        await olga.GoAsync($"/endpoints/{Name}/playground");
        var request = page.GetByRole(AriaRole.Region, new() { Name = "Request", Exact = true });
        var response = page.GetByRole(AriaRole.Region, new() { Name = "Response", Exact = true });

        // The signature says that the input looks like a picture, so there is a place to draw.
        await Expect(request.GetByRole(AriaRole.Img, new() { NameRegex = new Regex("^Draw here") })).ToBeVisibleAsync();
        await request.GetByRole(AriaRole.Button, new() { Name = "JSON", Exact = true }).ClickAsync();
        for (var index = 0; index < Digits.Count; index++)
        {
            await request.GetByLabel("Values of input as JSON").FillAsync(JsonSerializer.Serialize(digits.Input(index).ToArray()));
            var (answer, text) = await SendAsync();
            Assert.True(digits.WhoAnswered(index, answer) == "cnn", $"Image {index}: {text}");
        }

        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "The same with curl" })).ToContainTextAsync($"/serve/{Name}/v2/models/{Name}/infer");

        async Task<(double[] Answer, string Text)> SendAsync()
        {
            var answered = page.WaitForResponseAsync(r => r.Url.Contains("/serve/", StringComparison.Ordinal));
            await request.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
            var raw = await (await answered).TextAsync();

            // What the page shows is what was answered to this very request, not to the one before.
            using var sent = JsonDocument.Parse(raw);
            var shown = response.Locator("details").Filter(new() { Has = page.GetByText("JSON", new() { Exact = true }) }).Locator("pre");
            await Eventually.TrueAsync("The answer on the page", TimeSpan.FromSeconds(10), async () =>
                await shown.CountAsync() == 1 && JsonElement.DeepEquals(JsonElement.Parse(await shown.TextContentAsync() ?? "null"), sent.RootElement));
            return (Digits.Logits(JsonElement.Parse((await shown.TextContentAsync())!)), raw);
        }
    }

    private async Task SeeTrafficInChartsAsync()
    {
        var page = olga.Page;
        await using var clients = Clients.Start(dashboard.Address, 2, digits, Name, Name);
        await olga.GoAsync($"/endpoints/{Name}");
        await page.GetByRole(AriaRole.Navigation, new() { Name = $"Parts of {Name}" }).GetByRole(AriaRole.Link, new() { Name = "Metrics" }).ClickAsync();
        var all = page.GetByRole(AriaRole.Region, new() { Name = "All requests" });
        foreach (var title in new[] { "Requests", "Error rate", "Latency", "In flight" })
        {
            await Expect(all.GetByRole(AriaRole.Region, new() { Name = title, Exact = true }).Locator("canvas")).ToBeVisibleAsync();
        }

        // The figure beside the chart is alive: it becomes a rate above zero, and then another one.
        var rate = all.GetByRole(AriaRole.Region, new() { Name = "Requests", Exact = true }).Locator(".chart-legend-item strong");
        await Eventually.TrueAsync("Requests a second above zero", TimeSpan.FromSeconds(20), async () => NumberIn(await rate.TextContentAsync()) > 0);
        var before = await rate.TextContentAsync();
        await Eventually.TrueAsync("Another figure", TimeSpan.FromSeconds(20), async () => await rate.TextContentAsync() != before);
        Assert.True(await IsDrawnAsync(all.Locator("canvas").First), "The chart's canvas is empty.");
    }

    private async Task<Guid> ReplaceUnderLoadAsync()
    {
        var rolloutId = await Road.RequestAsync(dashboard, olga, await Road.VersionIdAsync(dashboard, Name, 2), Name, 2, "faster");
        await using var clients = Clients.Start(dashboard.Address, Load, digits, Name, Name);
        await Eventually.TrueAsync("Traffic", TimeSpan.FromSeconds(20), () => clients.Count > 200);
        await Road.ApproveAsync(anton, Name);
        Assert.Equal(RolloutState.Succeeded, await Road.EndOfAsync(dashboard, rolloutId, Patience));
        await Task.Delay(1000);
        var sent = await clients.StopAsync();

        output.WriteLine($"{sent.Count} requests by {Load} clients during the rollout: {sent.Count(s => s.Model == "cnn")} by the old version, {sent.Count(s => s.Model == "mlp")} by the new one.");
        Assert.Empty(sent.Where(s => s.Failure is not null).Select(s => s.Failure).Take(3));
        Assert.Contains(sent, s => s.Model == "cnn");
        Assert.Contains(sent, s => s.Model == "mlp");
        Assert.Equal("mlp", sent[^1].Model);
        return rolloutId;
    }

    private async Task<Guid> RollBackAsync(Guid rolloutId)
    {
        var page = anton.Page;
        await anton.GoAsync($"/rollouts/{rolloutId}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Roll back" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Roll back" }).ClickAsync();
        await page.WaitForURLAsync(url => RolloutPage().IsMatch(url) && !url.EndsWith(rolloutId.ToString(), StringComparison.Ordinal));
        var rollback = Guid.Parse(RolloutPage().Match(page.Url).Groups[1].Value);
        Assert.Equal(RolloutState.Succeeded, await Road.EndOfAsync(dashboard, rollback, Patience));
        return rollback;
    }

    private async Task SeeHistoryAsync()
    {
        await olga.GoAsync($"/endpoints/{Name}/history");
        var main = olga.Page.GetByRole(AriaRole.Main);
        foreach (var text in new[] { "olga", "anton", "the first digits model", "faster" })
        {
            await Expect(main).ToContainTextAsync(text);
        }

        await Expect(main.Locator("time")).Not.ToHaveCountAsync(0);
    }

    private async Task SeeOneAuditEntryEachAsync(params Guid[] rollouts)
    {
        await using var db = dashboard.OpenRegistry();
        var ids = rollouts.Select(id => id.ToString()).ToList();
        var entries = await db.AuditEntries.Where(e => e.SubjectKind == "rollout" && ids.Contains(e.SubjectId)).OrderBy(e => e.Id).ToListAsync();
        string[] expected =
        [
            "olga rollout.request digits #1", "anton rollout.approve digits #1",
            "olga rollout.request digits #2", "anton rollout.approve digits #2",
            "anton rollout.rollback digits #3",
        ];
        Assert.Equal(expected, entries.Select(e => $"{e.PersonName} {e.Action} {e.SubjectName}"));
        Assert.All(entries, entry => Assert.Equal(AuditResult.Done, entry.Result));

        await olga.GoAsync("/audit");
        await Expect(olga.Page.GetByRole(AriaRole.Table).First).ToContainTextAsync("rollout.rollback");
    }

    private static double NumberIn(string? text) =>
        Figure().Match(text ?? "") is { Success: true } match ? double.Parse(match.Value, CultureInfo.InvariantCulture) : 0;

    // A chart that is there but draws nothing has one colour everywhere.
    private static Task<bool> IsDrawnAsync(ILocator canvas) => canvas.EvaluateAsync<bool>(
        "c => new Set(new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size > 1");

    [GeneratedRegex(@"[0-9]+(\.[0-9]+)?")]
    private static partial Regex Figure();

    [GeneratedRegex("/rollouts/([0-9a-f]{8}-[0-9a-f-]{27})")]
    private static partial Regex RolloutPage();
}
