using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using Ops.Data.Access;
using Ops.Data.Rollouts;
using Ops.EndToEnd.Tests.Support;

namespace Ops.EndToEnd.Tests.Accessibility;

/// <summary>axe-core over every page, in light and dark, empty and with a running endpoint.</summary>
public sealed class AccessibilityTests(BrowserFixture browser, ITestOutputHelper output) : BrowserTest(browser)
{
    private readonly Axe axe = new();

    [Fact]
    public async Task Pages_OfPeopleWhoAreNotSignedIn_HaveNoViolations()
    {
        var dashboard = Own(await DashboardProcess.StartFreshAsync());
        var window = Own(await Browser.OpenAsync(dashboard));
        await LookAsync(window, "/account/sign-in");
        await LookAsync(window, "/setup?token=expired");
        await Eventually.TrueAsync("The setup link", TimeSpan.FromSeconds(10), () => dashboard.Output.Contains("/setup?token=", StringComparison.Ordinal));
        await LookAsync(window, dashboard.Output[dashboard.Output.IndexOf("/setup?token=", StringComparison.Ordinal)..].Split()[0]);
        AssertClean();
    }

    [Fact]
    public async Task Pages_OfAnEmptyInstallation_HaveNoViolations()
    {
        var dashboard = Own(await DashboardProcess.StartAsync());
        var window = Own(await Browser.SignInAsync(dashboard, await dashboard.AddPersonAsync(Roles.Operator | Roles.Approver | Roles.Administrator, "olga")));
        foreach (var path in new[]
        {
            "/", "/endpoints", "/models", "/models/upload", "/models/import", "/rollouts", "/rollouts/new", "/inbox", "/targets", "/targets/new", "/targets/local", "/audit", "/settings", "/settings/people",
            "/settings/people/new", "/settings/policies", "/settings/stores", "/settings/stores/new", "/settings/stores/new?kind=s3", "/settings/stores/filesystem", "/account", "/account/password", "/no-such-page", "/models/none", "/endpoints/none", $"/rollouts/{Guid.NewGuid()}",
        })
        {
            await LookAsync(window, path);
        }

        AssertClean();
    }

    [Fact]
    public async Task Pages_OfARunningEndpoint_HaveNoViolations()
    {
        var dashboard = Own(await DashboardProcess.StartAsync());
        var olga = Own(await Browser.SignInAsync(dashboard, await dashboard.AddPersonAsync(Roles.Operator | Roles.Administrator, "olga")));
        var anton = Own(await Browser.SignInAsync(dashboard, await dashboard.AddPersonAsync(Roles.Approver | Roles.OnCall, "anton")));
        await Road.UploadAsync(olga, Digits.CnnFile, "digits", 1);
        await Road.UploadAsync(olga, Digits.MlpFile, "digits", 2);
        var first = await Road.VersionIdAsync(dashboard, "digits", 1);
        var rolloutId = await Road.RequestAsync(dashboard, olga, first, "digits", 1, "the first version");
        await LookAsync(anton, "/inbox");
        await LookAsync(anton, $"/rollouts/{rolloutId}");
        await LookAsync(anton, "/");
        await Road.ApproveAsync(anton, "digits");
        Assert.Equal(RolloutState.Succeeded, await Road.EndOfAsync(dashboard, rolloutId, TimeSpan.FromSeconds(60)));

        using (var http = new HttpClient { BaseAddress = dashboard.Address })
        {
            await Digits.Read().AssertServedAsync(http, "digits", "digits", "cnn");
        }

        foreach (var path in new[]
        {
            "/", "/wall", "/endpoints", "/endpoints/digits", "/endpoints/digits/metrics", "/endpoints/digits/playground", "/endpoints/digits/history", "/endpoints/digits/settings",
            "/models", "/models/digits", "/models/digits/versions/1", "/models/digits/compare?from=1&to=2", "/rollouts", $"/rollouts/{rolloutId}", "/targets", "/targets/local", "/audit",
        })
        {
            await LookAsync(olga, path);
        }

        var second = await Road.VersionIdAsync(dashboard, "digits", 2);
        foreach (var step in new[] { "where", "resources", "strategy", "review" })
        {
            await LookAsync(olga, $"/rollouts/new?version={second}&endpoint=digits&step={step}");
        }

        await using var db = dashboard.OpenRegistry();
        await LookAsync(olga, $"/settings/people/{await db.Users.Where(p => p.UserName == "anton").Select(p => p.Id).SingleAsync()}");
        AssertClean();
    }

    // What finds nothing anywhere would let every other test here pass.
    [Fact]
    public async Task Look_AtAPageWithFaults_FindsThemInTheThemeTheyAreIn()
    {
        var dashboard = Own(await DashboardProcess.StartAsync());
        var window = Own(await Browser.OpenAsync(dashboard));
        await window.GoAsync("/account/sign-in");
        await window.Page.EvaluateAsync(
            """
            () => {
              document.querySelector('main').insertAdjacentHTML('beforeend', '<input id="nameless"><p class="faint">Hardly to be read</p>');
              document.head.insertAdjacentHTML('beforeend', '<style>.faint { color: #000; background: #fff; } @media (prefers-color-scheme: dark) { .faint { color: #999; } }</style>');
            }
            """);
        await axe.LookAsync(window, "page");
        Assert.Collection(
            axe.Violations.Order(),
            found => Assert.StartsWith("page (Dark): color-contrast", found, StringComparison.Ordinal),
            found => Assert.StartsWith("page (Light): label", found, StringComparison.Ordinal));
        Assert.Contains("#nameless", axe.Violations.Single(v => v.Contains("label", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    private async Task LookAsync(SignedIn window, string path)
    {
        await window.GoAsync(path);
        await axe.LookAsync(window, path);
    }

    private void AssertClean()
    {
        output.WriteLine($"{axe.Looks} looks.");
        Assert.True(axe.Violations.Count == 0, string.Join('\n', axe.Violations));
    }
}
