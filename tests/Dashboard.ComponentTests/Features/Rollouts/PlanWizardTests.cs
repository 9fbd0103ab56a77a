using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Rollouts.Pages.Wizard;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.ComponentTests.Features.Rollouts;

public sealed class PlanWizardTests
{
    [Fact]
    public async Task Wizard_FromAVersion_NeedsOnlyAReason()
    {
        await using var pages = await PagesContext.CreateAsync("operator");
        var wizard = Open(pages, $"version={pages.World.Versions[1].Id}");
        wizard.WaitForAssertion(() => Assert.Equal("Where", Heading(wizard)));
        Assert.Equal("digits", wizard.Find("input[list]").GetAttribute("value"));
        Assert.Contains("2 replicas of digits 2 on this machine", wizard.Find(".wizard-summary").TextContent, StringComparison.Ordinal);

        Next(wizard, "Resources");
        Next(wizard, "Strategy");
        Next(wizard, "Review");
        Submit(wizard);
        wizard.WaitForAssertion(() => Assert.Contains("Say why", wizard.Find(".field-error").TextContent, StringComparison.Ordinal));

        wizard.Find("textarea").Change("A better one");
        Submit(wizard);
        var navigation = pages.Bunit.Services.GetRequiredService<NavigationManager>();
        wizard.WaitForAssertion(() => Assert.Matches("/rollouts/[0-9a-f-]{36}$", navigation.Uri));
        await using var db = pages.World.Open();
        var rollout = await db.Rollouts.SingleAsync();
        Assert.Equal((RolloutState.PendingApproval, "A better one"), (rollout.State, rollout.Reason));
    }

    [Fact]
    public async Task Wizard_WithoutAVersion_StaysThereAndSaysSo()
    {
        await using var pages = await PagesContext.CreateAsync("operator");
        var wizard = Open(pages, "");
        wizard.WaitForAssertion(() => Assert.Equal(4, wizard.FindAll("input[name=version]").Count));
        Submit(wizard);
        wizard.WaitForAssertion(() => Assert.Contains("Choose a version.", wizard.Find(".field-error").TextContent, StringComparison.Ordinal));
        Assert.Equal("Which version", Heading(wizard));

        wizard.FindAll("input[name=version]")[0].Change(true);
        Next(wizard, "Where");
    }

    [Fact]
    public async Task Wizard_Address_HoldsTheWholeForm()
    {
        await using var pages = await PagesContext.CreateAsync("operator");
        var wizard = Open(pages, $"version={pages.World.Versions[0].Id}");
        wizard.WaitForAssertion(() => Assert.Equal("Where", Heading(wizard)));
        wizard.Find("input[list]").Change("digits-eu");
        Next(wizard, "Resources");
        wizard.FindAll("input[type=number]")[0].Change("5");
        wizard.FindAll("button").Single(b => b.TextContent.Contains("Add a variable", StringComparison.Ordinal)).Click();
        wizard.Find("input[placeholder=NAME]").Change("LOG_LEVEL");
        wizard.Find("input[placeholder=value]").Change("a=b,c");
        Next(wizard, "Strategy");

        var query = new Uri(pages.Bunit.Services.GetRequiredService<NavigationManager>().Uri).Query;
        var again = Open(pages, query.TrimStart('?'));
        again.WaitForAssertion(() => Assert.Equal("Strategy", Heading(again)));
        Assert.Contains("5 replicas of digits 1", again.Find(".wizard-summary").TextContent, StringComparison.Ordinal);
        Assert.Contains("digits-eu (new)", again.Find(".wizard-summary").TextContent, StringComparison.Ordinal);
        Next(again, "Review");
        Assert.Contains("Variable LOG_LEVEL", again.Find(".plan-difference").TextContent, StringComparison.Ordinal);
        Assert.Contains("a=b,c", again.Find(".plan-difference").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wizard_Mistakes_LeadToTheirSteps()
    {
        await using var pages = await PagesContext.CreateAsync("operator");
        var wizard = Open(pages, $"version={pages.World.Versions[0].Id}&endpoint=digits&target={pages.World.Target.Id}&replicas=99&surge=0&step=review");
        wizard.WaitForAssertion(() => Assert.Equal(2, wizard.FindAll(".notice li").Count));
        Assert.Equal(["Resources", "Strategy"], wizard.FindAll(".notice li a").Select(a => a.TextContent));
        Assert.Contains("step=resources", wizard.Find(".notice li a").GetAttribute("href"), StringComparison.Ordinal);
        Assert.Equal(2, wizard.FindAll(".step-error").Count);
        Assert.True(wizard.Find("button[type=submit]").HasAttribute("disabled"));
    }

    [Fact]
    public async Task Wizard_BackInTheBrowser_KeepsWhatWasFilledIn()
    {
        await using var pages = await PagesContext.CreateAsync("operator");
        var wizard = Open(pages, $"version={pages.World.Versions[0].Id}");
        wizard.WaitForAssertion(() => Assert.Equal("Where", Heading(wizard)));
        var before = pages.Bunit.Services.GetRequiredService<NavigationManager>().Uri;
        Next(wizard, "Resources");
        wizard.FindAll("input[type=number]")[0].Change("4");

        var navigation = pages.Bunit.Services.GetRequiredService<NavigationManager>();
        await wizard.InvokeAsync(() => navigation.NavigateTo(before));
        wizard.WaitForAssertion(() => Assert.Equal("Where", Heading(wizard)));
        Assert.Contains("replicas=4", navigation.Uri, StringComparison.Ordinal);
        Assert.Contains("4 replicas", wizard.Find(".wizard-summary").TextContent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("step=resources", "Resources", "3 replicas of digits 1 on this machine, 4 threads and 1 GiB each; canary 30 % → 100 %")]
    [InlineData("step=strategy&replicas=2&strategy=rolling", "Strategy", "2 replicas of digits 1 on this machine, 4 threads and 1 GiB each; rolling")]
    public async Task Wizard_EndpointAndStep_BeginsFromWhatRunsAndTheAddressHasTheLastWord(string rest, string heading, string sentence)
    {
        await using var pages = await PagesContext.CreateAsync("operator");
        await RunAsync(pages);

        var wizard = Open(pages, $"endpoint=digits&{rest}");

        wizard.WaitForAssertion(() => Assert.Equal(heading, Heading(wizard)));
        Assert.Contains(sentence, wizard.Find(".wizard-sentence").TextContent, StringComparison.Ordinal);
        Assert.Contains("Clients need a token.", wizard.Find(".wizard-sentence").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wizard_EndpointAlone_AsksForTheVersionAndHasTheRest()
    {
        await using var pages = await PagesContext.CreateAsync("operator");
        await RunAsync(pages);

        var wizard = Open(pages, "endpoint=digits");

        wizard.WaitForAssertion(() => Assert.Equal("Which version", Heading(wizard)));
        Assert.Contains("Choose a version", wizard.Find(".wizard-summary").TextContent, StringComparison.Ordinal);
        wizard.WaitForAssertion(() => Assert.Contains("replicas=3", pages.Bunit.Services.GetRequiredService<NavigationManager>().Uri, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Wizard_OwnAddressReloaded_KeepsUsualValuesThatDifferFromWhatRuns()
    {
        await using var pages = await PagesContext.CreateAsync("operator");
        await RunAsync(pages);
        var wizard = Open(pages, "endpoint=digits&step=resources");
        wizard.WaitForAssertion(() => Assert.Equal("Resources", Heading(wizard)));
        wizard.FindAll("input[type=number]")[0].Change("2");
        wizard.WaitForAssertion(() => Assert.Contains("2 replicas", wizard.Find(".wizard-sentence").TextContent, StringComparison.Ordinal));

        var again = Open(pages, new Uri(pages.Bunit.Services.GetRequiredService<NavigationManager>().Uri).Query.TrimStart('?'));

        again.WaitForAssertion(() => Assert.Equal("Resources", Heading(again)));
        Assert.Contains("2 replicas of digits 1", again.Find(".wizard-sentence").TextContent, StringComparison.Ordinal);
        Assert.Contains("4 threads", again.Find(".wizard-sentence").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wizard_EndpointThatRunsNothingWithAStep_BeginsWithTheUsual()
    {
        await using var pages = await PagesContext.CreateAsync("operator");

        var wizard = Open(pages, $"endpoint=brand-new&step=resources&version={pages.World.Versions[0].Id}");

        wizard.WaitForAssertion(() => Assert.Contains("2 replicas of digits 1 on this machine", wizard.Find(".wizard-summary").TextContent, StringComparison.Ordinal));
        Assert.Equal("Resources", Heading(wizard));
    }

    [Fact]
    public async Task Wizard_NoVersion_LeadsToTheUpload()
    {
        await using var pages = await PagesContext.CreateAsync("operator");
        await using (var db = pages.World.Open())
        {
            (await db.Versions.ToListAsync()).ForEach(v => Assert.True(v.Archive().Succeeded));
            await db.SaveChangesAsync();
        }

        var wizard = Open(pages, "");
        wizard.WaitForAssertion(() => Assert.Contains("No version yet", wizard.Markup, StringComparison.Ordinal));
        Assert.Equal("/models/upload", wizard.Find(".empty-actions a").GetAttribute("href"));
    }

    private static async Task RunAsync(PagesContext pages)
    {
        var running = await pages.World.ApprovedAsync(change: d => d with
        {
            Replicas = 3, CpuThreads = 4, MemoryMiB = 1024, RequiresToken = true, Strategy = "canary", Steps = [new() { Weight = 30, PauseSeconds = 60 }],
        });
        for (var i = 0; i < 20 && (await pages.World.RolloutAsync(running.Id)).State != RolloutState.Succeeded; i++)
        {
            await pages.ReconcileAsync(running.EndpointId);
            pages.World.Machine.AllGetFurther();
        }

        Assert.Equal(RolloutState.Succeeded, (await pages.World.RolloutAsync(running.Id)).State);
    }

    private static IRenderedComponent<PlanWizard> Open(PagesContext pages, string query)
    {
        pages.Bunit.Services.GetRequiredService<NavigationManager>().NavigateTo($"/rollouts/new?{query}");
        return pages.Bunit.Render<PlanWizard>();
    }

    private static string Heading(IRenderedComponent<PlanWizard> wizard) => wizard.Find("form h2").TextContent;

    private static void Submit(IRenderedComponent<PlanWizard> wizard) => wizard.Find("form").Submit();

    private static void Next(IRenderedComponent<PlanWizard> wizard, string heading)
    {
        Submit(wizard);
        wizard.WaitForAssertion(() => Assert.Equal(heading, Heading(wizard)));
    }
}
