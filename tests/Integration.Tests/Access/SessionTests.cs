using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Access.Authorization;
using Ops.Dashboard.Features.Access.Sessions;
using Ops.Data.Access;
using Ops.Integration.Tests.Support;

namespace Ops.Integration.Tests.Access;

public sealed class SessionTests(OpsApp app) : IClassFixture<OpsApp>
{
    // An answer about a person is used for five seconds; a demoted person has to lose a page within a minute.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task SignOutEverywhere_OtherBrowser_IsOutToo()
    {
        var person = await app.AddPersonAsync(Roles.Viewer);
        using var here = await app.SignInAsync(person);
        using var elsewhere = await app.SignInAsync(person);
        using var answer = await here.SubmitAsync("/account", "everywhere");

        Assert.Equal("/account/sign-in", TestBrowser.RedirectOf(answer));
        await AssertSignedOutAsync(here);
        await AssertSignedOutAsync(elsewhere);
        Assert.Single(await app.AuditAsync("access.end-own-sessions"), entry => entry.PersonId == person.Id);
    }

    [Fact]
    public async Task ChangePassword_OtherBrowser_IsOutAndThisOneGoesOn()
    {
        var person = await app.AddPersonAsync(Roles.Viewer);
        using var here = await app.SignInAsync(person);
        using var elsewhere = await app.SignInAsync(person);
        const string fresh = "nine loud mountains";
        using var wrong = await here.SubmitAsync("/account/password", "password", ("Current", "wrong"), ("Replacement", fresh), ("Repeated", fresh));
        Assert.Contains("The current password is wrong", await wrong.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var changed = await here.SubmitAsync("/account/password", "password", ("Current", person.Password), ("Replacement", fresh), ("Repeated", fresh));
        Assert.Equal("/account?changed=1", TestBrowser.RedirectOf(changed));

        using var page = await here.Client.GetAsync("/account");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        await AssertSignedOutAsync(elsewhere);
        using var again = await app.SignInAsync(person with { Password = fresh });
    }

    [Fact]
    public async Task Disabled_OpenSession_IsOutSoon()
    {
        using var browser = await app.SignInAsync(Roles.Administrator);
        await ChangeAsync(browser.Person!.Id, person => person.Disable(TimeProvider.System.GetUtcNow()));
        await EventuallyAsync(async () =>
        {
            using var answer = await browser.Client.GetAsync("/settings/people");
            return TestBrowser.RedirectOf(answer)?.StartsWith("/account/sign-in", StringComparison.Ordinal) == true;
        });
    }

    [Fact]
    public async Task Demoted_OpenSession_LosesThePageSoon()
    {
        using var browser = await app.SignInAsync(Roles.Administrator);
        using var before = await browser.Client.GetAsync("/settings/people");
        Assert.Equal(HttpStatusCode.OK, before.StatusCode);

        await ChangeAsync(browser.Person!.Id, person => person.SetRoles(Roles.Viewer));
        await EventuallyAsync(async () =>
        {
            using var answer = await browser.Client.GetAsync("/settings/people");
            return answer.StatusCode == HttpStatusCode.Forbidden
                && (await answer.Content.ReadAsStringAsync()).Contains("You may not open this page", StringComparison.Ordinal);
        });
        using var account = await browser.Client.GetAsync("/account");
        Assert.Equal(HttpStatusCode.OK, account.StatusCode);
    }

    [Fact]
    public async Task OpenPage_RolesChangeThenSessionsEnd_TheCircuitLearnsBoth()
    {
        var person = await app.AddPersonAsync(Roles.Administrator);
        await using var scope = app.Services.CreateAsyncScope();
        var provider = (SessionStateProvider)scope.ServiceProvider.GetRequiredService<AuthenticationStateProvider>();
        await using (var db = app.OpenRegistry())
        {
            var now = PersonNow.Of(await db.Users.SingleAsync(p => p.Id == person.Id));
            provider.SetAuthenticationState(Task.FromResult(new AuthenticationState(SessionPrincipal.Create(now, "password"))));
        }

        await ChangeAsync(person.Id, p => p.SetRoles(Roles.Approver));
        await EventuallyAsync(async () => (await UserAsync()).IsInRole(nameof(Roles.Approver)));
        Assert.False((await UserAsync()).IsInRole(nameof(Roles.Administrator)));
        Assert.Equal(person.Id, Caller.From(await UserAsync()).PersonId);

        await ChangeAsync(person.Id, p => p.EndSessions());
        await EventuallyAsync(async () => (await UserAsync()).Identity?.IsAuthenticated != true);

        async Task<ClaimsPrincipal> UserAsync() => (await provider.GetAuthenticationStateAsync()).User;
    }

    [Fact]
    public async Task MustChangePassword_BeforeDoingSo_NothingElseOpens()
    {
        var person = await app.AddPersonAsync(Roles.Operator);
        await ChangeAsync(person.Id, p => p.MustChangePassword = true);
        using var browser = app.OpenBrowser();
        using var signedIn = await browser.SubmitAsync("/account/sign-in?returnUrl=%2Fmodels", "sign-in", ("UserName", person.Name), ("Password", person.Password));
        Assert.Equal("/account/password", TestBrowser.RedirectOf(signedIn));
        using var page = await browser.Client.GetAsync("/audit");
        Assert.Equal("/account/password", TestBrowser.RedirectOf(page));
        using var api = await browser.Client.GetAsync("/api/antiforgery");
        Assert.Equal(HttpStatusCode.Forbidden, api.StatusCode);

        const string fresh = "nine loud mountains";
        using var changed = await browser.SubmitAsync("/account/password", "password", ("Current", person.Password), ("Replacement", fresh), ("Repeated", fresh));
        using var opened = await browser.Client.GetAsync("/audit");
        Assert.Equal(HttpStatusCode.OK, opened.StatusCode);
    }

    [Theory]
    [InlineData("/settings/people", Roles.Administrator)]
    [InlineData("/settings/people/new", Roles.Administrator)]
    [InlineData("/settings/policies", Roles.Administrator)]
    public async Task Page_EveryOtherRole_IsForbidden(string page, Roles needed)
    {
        using var refused = await app.SignInAsync(Roles.Operator | Roles.Approver | Roles.OnCall);
        using var no = await refused.Client.GetAsync(page);
        Assert.Equal(HttpStatusCode.Forbidden, no.StatusCode);
        using var allowed = await app.SignInAsync(needed);
        using var yes = await allowed.Client.GetAsync(page);
        Assert.Equal(HttpStatusCode.OK, yes.StatusCode);
    }

    private static async Task AssertSignedOutAsync(TestBrowser browser)
    {
        using var answer = await browser.Client.GetAsync("/account");
        Assert.Equal("/account/sign-in?returnUrl=%2Faccount", TestBrowser.RedirectOf(answer));
    }

    private static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(Soon);
        while (!await condition())
        {
            Assert.False(patience.IsCancellationRequested, $"It did not happen within {Soon.TotalSeconds} s.");
            await Task.Delay(200);
        }
    }

    private async Task ChangeAsync(Guid id, Action<Person> change)
    {
        await using var db = app.OpenRegistry();
        change(await db.Users.SingleAsync(person => person.Id == id));
        await db.SaveChangesAsync();
    }
}
