using System.Net;
using Microsoft.EntityFrameworkCore;
using Ops.Data.Access;
using Ops.Data.Audit;
using Ops.Integration.Tests.Support;

namespace Ops.Integration.Tests.Access;

public sealed class SignInTests(OpsApp app) : IClassFixture<OpsApp>
{
    [Theory]
    [InlineData("/")]
    [InlineData("/models")]
    [InlineData("/settings/people")]
    [InlineData("/there-is-no-such-page")]
    public async Task Get_Stranger_GoesToSignInAndBack(string page)
    {
        using var browser = app.OpenBrowser();
        using var answer = await browser.Client.GetAsync(page);
        Assert.Equal($"/account/sign-in?returnUrl={Uri.EscapeDataString(page)}", TestBrowser.RedirectOf(answer));
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/account/sign-in")]
    [InlineData("/css/base.css")]
    [InlineData("/setup")]
    public async Task Get_StrangerOnAnOpenAddress_Answers(string page)
    {
        using var browser = app.OpenBrowser();
        using var answer = await browser.Client.GetAsync(page);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task SignIn_RightPassword_OpensAndAuditsOnce()
    {
        var person = await app.AddPersonAsync(Roles.Viewer);
        using var browser = await app.SignInAsync(person);

        using var account = await browser.Client.GetAsync("/account");
        Assert.Equal(HttpStatusCode.OK, account.StatusCode);
        Assert.Contains(person.Name, await account.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var entry = Assert.Single(await EntriesOfAsync(person));
        Assert.Equal((AuditResult.Done, person.Id, "password"), (entry.Result, entry.PersonId, entry.SignedInHow));
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/%0d%0aSet-Cookie:x=y")]
    [InlineData("/\t/evil.example")]
    public async Task SignIn_ForeignReturnUrl_StaysHere(string returnUrl)
    {
        var person = await app.AddPersonAsync(Roles.Viewer);
        using var browser = app.OpenBrowser();
        using var answer = await browser.SubmitAsync(
            $"/account/sign-in?returnUrl={Uri.EscapeDataString(returnUrl)}", "sign-in", ("UserName", person.Name), ("Password", person.Password));
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal(app.Address.Authority, new Uri(app.Address, answer.Headers.Location!).Authority);
        Assert.False(answer.Headers.TryGetValues("Set-Cookie", out var cookies) && cookies.Any(cookie => cookie.StartsWith("x=", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task SignIn_LocalReturnUrl_GoesThere()
    {
        var person = await app.AddPersonAsync(Roles.Viewer);
        using var browser = app.OpenBrowser();
        using var answer = await browser.SubmitAsync(
            "/account/sign-in?returnUrl=%2Fmodels%3Fq%3Ddigits", "sign-in", ("UserName", person.Name), ("Password", person.Password));
        Assert.Equal("/models?q=digits", TestBrowser.RedirectOf(answer));
    }

    [Fact]
    public async Task SignIn_WrongPasswordDisabledOrUnknown_SaysTheSame()
    {
        var known = await app.AddPersonAsync(Roles.Viewer);
        var disabled = await app.AddPersonAsync(Roles.Viewer);
        await using (var db = app.OpenRegistry())
        {
            (await db.Users.SingleAsync(p => p.Id == disabled.Id)).Disable(TimeProvider.System.GetUtcNow());
            await db.SaveChangesAsync();
        }

        var answers = new[]
        {
            await ErrorAsync(known.Name, "wrong"), await ErrorAsync(known.Name, ""), await ErrorAsync(disabled.Name, disabled.Password),
            await ErrorAsync("nobody-of-this-name", "wrong"), await ErrorAsync(known.Name, new string('x', 100_000)),
        };
        Assert.Single(answers.Distinct());
        Assert.Contains("Name or password is wrong", answers[0], StringComparison.Ordinal);
        Assert.Contains(await EntriesOfAsync(disabled), entry => entry is { Result: AuditResult.Refused, PersonId: null, Message: "The account is disabled." });
    }

    [Fact]
    public async Task SignIn_FiveWrongPasswords_LocksEvenTheRightOne()
    {
        var person = await app.AddPersonAsync(Roles.Viewer);
        for (var attempt = 0; attempt < 5; attempt++)
        {
            await ErrorAsync(person.Name, "wrong");
        }

        await ErrorAsync(person.Name, person.Password);
        var entries = await EntriesOfAsync(person);
        Assert.Equal(6, entries.Count);
        Assert.All(entries, entry => Assert.Equal(AuditResult.Refused, entry.Result));
        Assert.Contains("locked for 15 minutes", entries[4].Message, StringComparison.Ordinal);
        Assert.Equal("The account is locked after too many wrong passwords.", entries[5].Message);
    }

    [Fact]
    public async Task SignIn_WrongPasswordsAtTheSameMoment_AllCount()
    {
        var person = await app.AddPersonAsync(Roles.Viewer);
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => ErrorAsync(person.Name, "wrong")));

        await using var db = app.OpenRegistry();
        Assert.NotNull((await db.Users.SingleAsync(p => p.Id == person.Id)).LockoutEnd);
        Assert.Equal(5, (await EntriesOfAsync(person)).Count);
    }

    [Fact]
    public async Task SignIn_StrangeName_IsKeptShortAndVisible()
    {
        var marker = $"m{Guid.NewGuid():N}"[..12];
        await ErrorAsync($"{marker}\u202E\u0007\r\nforged line" + new string('x', 500), "wrong");

        var entry = Assert.Single(await app.AuditAsync("access.sign-in"), entry => entry.PersonName.StartsWith(marker, StringComparison.Ordinal));
        Assert.StartsWith($"{marker}forged line", entry.PersonName, StringComparison.Ordinal);
        Assert.True(entry.PersonName.Length <= 64);
    }

    [Fact]
    public async Task SignIn_TooManyTries_AnswersLater()
    {
        await using var strict = await OpsApp.StartAsync(("Ops:Access:TriesPerName", "3"));
        using var browser = strict.OpenBrowser();
        for (var attempt = 0; attempt < 3; attempt++)
        {
            using var refused = await browser.SubmitAsync("/account/sign-in", "sign-in", ("UserName", "somebody"), ("Password", "wrong"));
            Assert.Equal(HttpStatusCode.OK, refused.StatusCode);
        }

        using var answer = await browser.SubmitAsync("/account/sign-in", "sign-in", ("UserName", "SomeBody"), ("Password", "wrong"));
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.Equal(3, (await strict.AuditAsync("access.sign-in")).Count);
    }

    [Fact]
    public async Task SignOut_WithToken_EndsTheSession()
    {
        using var browser = await app.SignInAsync(Roles.Viewer);
        using var answer = await browser.Client.PostAsync("/account/sign-out", null);
        Assert.Equal("/account/sign-in", TestBrowser.RedirectOf(answer));
        using var page = await browser.Client.GetAsync("/account");
        Assert.Equal("/account/sign-in?returnUrl=%2Faccount", TestBrowser.RedirectOf(page));
        Assert.Single(await app.AuditAsync("access.sign-out"), entry => entry.PersonId == browser.Person!.Id);
    }

    private async Task<IReadOnlyList<AuditEntry>> EntriesOfAsync(TestPerson person) =>
        [.. (await app.AuditAsync("access.sign-in")).Where(entry => entry.SubjectId == person.Id.ToString())];

    private async Task<string> ErrorAsync(string name, string password)
    {
        using var browser = app.OpenBrowser();
        using var answer = await browser.SubmitAsync("/account/sign-in", "sign-in", ("UserName", name), ("Password", password));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var html = await answer.Content.ReadAsStringAsync();
        Assert.DoesNotContain("ops.session", string.Join(';', answer.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies : []), StringComparison.Ordinal);
        var start = html.IndexOf("notice-body", StringComparison.Ordinal);
        Assert.True(start > 0, html);
        return html[start..html.IndexOf("</div>", start, StringComparison.Ordinal)];
    }
}
