using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using Ops.Data.Access;
using Ops.Data.Audit;
using Ops.Data.Rollouts;
using Ops.EndToEnd.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Ops.EndToEnd.Tests.Failures;

public sealed class DemotionTests(BrowserFixture browser) : BrowserTest(browser)
{
    [Fact]
    public async Task Inbox_OfAnApproverDemotedMeanwhile_DecidesNothingAndCloses()
    {
        // An ordinary installation: how often an open page asks again is as shipped.
        var dashboard = Own(await DashboardProcess.StartAsync());
        var olga = Own(await Browser.SignInAsync(dashboard, await dashboard.AddPersonAsync(Roles.Operator, "olga")));
        var anton = Own(await Browser.SignInAsync(dashboard, await dashboard.AddPersonAsync(Roles.Approver, "anton")));
        var berta = Own(await Browser.SignInAsync(dashboard, await dashboard.AddPersonAsync(Roles.Approver, "berta")));
        var ada = Own(await Browser.SignInAsync(dashboard, await dashboard.AddPersonAsync(Roles.Administrator, "ada")));
        await Road.UploadAsync(olga, Digits.MlpFile, "digits", 1);
        var rolloutId = await Road.RequestAsync(dashboard, olga, await Road.VersionIdAsync(dashboard, "digits", 1), "digits", 1, "first version");

        // One of them presses the button right after the demotion; the other's page is merely open.
        foreach (var window in new[] { anton, berta })
        {
            await window.GoAsync("/inbox");
            await Expect(Road.Card(window, "digits")).ToBeVisibleAsync();
        }

        await DemoteAsync(ada, "anton");
        await DemoteAsync(ada, "berta");
        await Road.Card(anton, "digits").GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();

        await Eventually.TrueAsync("The refusal", TimeSpan.FromSeconds(10), async () =>
        {
            await using var db = dashboard.OpenRegistry();
            return await db.AuditEntries.AnyAsync(e => e.Action == "rollout.approve" && e.PersonName == "anton" && e.Result == AuditResult.Refused);
        });
        await Expect(Road.Card(berta, "digits").GetByRole(AriaRole.Button, new() { Name = "Approve" })).ToBeHiddenAsync(new() { Timeout = 60_000 });
        await Expect(Road.Card(anton, "digits").GetByRole(AriaRole.Button, new() { Name = "Approve" })).ToBeHiddenAsync(new() { Timeout = 60_000 });

        await using (var db = dashboard.OpenRegistry())
        {
            var rollout = await db.Rollouts.Include(r => r.Decisions).SingleAsync(r => r.Id == rolloutId);
            Assert.Equal(RolloutState.PendingApproval, rollout.State);
            Assert.Empty(rollout.Decisions);
        }

        Assert.Empty(dashboard.Runtimes);
    }

    private static async Task DemoteAsync(SignedIn administrator, string name)
    {
        await administrator.GoAsync("/settings/people");
        await administrator.Page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true }).ClickAsync();
        var roles = administrator.Page.GetByRole(AriaRole.Region, new() { Name = "Roles" });
        await roles.GetByRole(AriaRole.Checkbox, new() { Name = "Approver" }).UncheckAsync();
        await roles.GetByRole(AriaRole.Button, new() { Name = "Save roles" }).ClickAsync();
        await Expect(roles.GetByRole(AriaRole.Button, new() { Name = "Save roles" })).ToBeDisabledAsync();
    }
}
