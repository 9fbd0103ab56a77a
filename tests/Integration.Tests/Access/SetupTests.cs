using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Access.Setup;
using Ops.Data.Access;
using Ops.Data.Audit;
using Ops.Integration.Tests.Support;

namespace Ops.Integration.Tests.Access;

public sealed class SetupTests : IAsyncLifetime
{
    private const string Password = "seven quiet rivers";
    private OpsApp app = null!;

    public async ValueTask InitializeAsync() => app = await OpsApp.StartAsync();

    public ValueTask DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task Setup_WithTheLink_MakesTheAdministratorOnce()
    {
        var link = await IssueAsync();
        using var browser = app.OpenBrowser();
        using var made = await UseAsync(browser, link, "root");
        Assert.Equal("/", TestBrowser.RedirectOf(made));
        using var account = await browser.Client.GetAsync("/account");
        Assert.Equal(HttpStatusCode.OK, account.StatusCode);

        await using var db = app.OpenRegistry();
        var person = await db.Users.SingleAsync();
        Assert.Equal(Roles.Viewer | Roles.Administrator | Roles.Operator | Roles.OnCall, person.Roles);
        var installation = await db.Installations.SingleAsync();
        Assert.True(installation.IsSetUp);
        Assert.Null(installation.SetupSecretHash);
        Assert.Equal("setup-link", Assert.Single(await app.AuditAsync("access.set-up")).SignedInHow);

        using var again = app.OpenBrowser();
        Assert.Contains("set up already", await again.Client.GetStringAsync(link), StringComparison.Ordinal);
        Assert.Null(await app.Services.GetRequiredService<FirstAdministrator>().IssueLinkAsync());
    }

    [Fact]
    public async Task Setup_TwoPeopleAtOnce_OneWins()
    {
        var link = await IssueAsync();
        using var first = app.OpenBrowser();
        using var second = app.OpenBrowser();
        var answers = await Task.WhenAll(UseAsync(first, link, "first"), UseAsync(second, link, "second"));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Redirect);
        await using var db = app.OpenRegistry();
        Assert.Equal(1, await db.Users.CountAsync());
        Assert.Single(await app.AuditAsync("access.set-up"), entry => entry.Result == AuditResult.Done);
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("x")]
    [InlineData("%00%0d")]
    public async Task Setup_WrongLink_ShowsNoForm(string token)
    {
        await IssueAsync();
        using var browser = app.OpenBrowser();
        var html = await browser.Client.GetStringAsync($"/setup?token={token}");
        Assert.Contains("This setup link is not valid", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<form", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Setup_FormSentToAnotherLink_IsRefusedAndAudited()
    {
        var old = await IssueAsync();
        using var browser = app.OpenBrowser();
        var html = await browser.Client.GetStringAsync(old);
        await IssueAsync();

        var result = await app.Services.GetRequiredService<FirstAdministrator>().CreateAsync(
            new Uri(app.Address, old).Query["?token=".Length..], "root", Password, new("127.0.0.1", "test"));
        Assert.False(result.Succeeded);
        Assert.Contains("<form", html, StringComparison.Ordinal);
        Assert.Equal(AuditResult.Refused, Assert.Single(await app.AuditAsync("access.set-up")).Result);
        Assert.Contains("not valid", await browser.Client.GetStringAsync(old), StringComparison.Ordinal);
        await using var db = app.OpenRegistry();
        Assert.False(await db.Users.AnyAsync());
    }

    [Fact]
    public async Task Setup_WeakPassword_SaysSoAndKeepsTheLink()
    {
        var link = await IssueAsync();
        using var browser = app.OpenBrowser();
        using var weak = await browser.SubmitAsync(link, "setup", ("UserName", "root"), ("Password", "short"), ("Repeated", "short"));
        Assert.Contains("at least 12 characters", await weak.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var made = await UseAsync(browser, link, "root");
        Assert.Equal("/", TestBrowser.RedirectOf(made));
    }

    [Fact]
    public async Task Start_NotSetUp_EndsTheLinkOfTheStartBefore()
    {
        var link = await IssueAsync();
        await app.RestartAsync();
        using var browser = app.OpenBrowser();
        Assert.Contains("not valid", await browser.Client.GetStringAsync(link), StringComparison.Ordinal);
    }

    private async Task<string> IssueAsync()
    {
        var link = await app.Services.GetRequiredService<FirstAdministrator>().IssueLinkAsync();
        await using var db = app.OpenRegistry();
        Assert.DoesNotContain(link!["/setup?token=".Length..], (await db.Installations.AsNoTracking().SingleAsync()).SetupSecretHash!, StringComparison.Ordinal);
        return link;
    }

    private static Task<HttpResponseMessage> UseAsync(TestBrowser browser, string link, string name) =>
        browser.SubmitAsync(link, "setup", ("UserName", name), ("Password", Password), ("Repeated", Password));
}
