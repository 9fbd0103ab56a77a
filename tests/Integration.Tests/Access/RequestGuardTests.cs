using System.Net;
using System.Net.WebSockets;
using Microsoft.EntityFrameworkCore;
using Ops.Data.Access;
using Ops.Integration.Tests.Support;

namespace Ops.Integration.Tests.Access;

public sealed class RequestGuardTests(OpsApp app) : IClassFixture<OpsApp>
{
    [Fact]
    public async Task SignOut_WithoutToken_IsRefusedAndTheSessionStays()
    {
        using var browser = await app.SignInAsync(Roles.Viewer);
        browser.Client.DefaultRequestHeaders.Remove("X-CSRF-Token");
        using var answer = await browser.Client.PostAsync("/account/sign-out", null);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        using var page = await browser.Client.GetAsync("/account");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    [Fact]
    public async Task SignOut_WithTheTokenOfSomebodyElse_IsRefused()
    {
        using var browser = await app.SignInAsync(Roles.Viewer);
        using var other = await app.SignInAsync(Roles.Viewer);
        browser.Client.DefaultRequestHeaders.Remove("X-CSRF-Token");
        browser.Client.DefaultRequestHeaders.Add("X-CSRF-Token", other.Client.DefaultRequestHeaders.GetValues("X-CSRF-Token"));
        using var answer = await browser.Client.PostAsync("/account/sign-out", null);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task SignIn_WithoutToken_IsRefused()
    {
        var person = await app.AddPersonAsync(Roles.Viewer);
        using var browser = app.OpenBrowser();
        using var content = new FormUrlEncodedContent([new("_handler", "sign-in"), new("Form.UserName", person.Name), new("Form.Password", person.Password)]);
        using var answer = await browser.Client.PostAsync("/account/sign-in", content);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("/api/antiforgery")]
    [InlineData("/api/there-is-none")]
    public async Task Api_Stranger_Gets401AndNoPage(string address)
    {
        using var browser = app.OpenBrowser();
        using var answer = await browser.Client.GetAsync(address);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("http://evil.example", false)]
    [InlineData("http://127.0.0.1:1", false)]
    [InlineData("null", false)]
    [InlineData("own", true)]
    [InlineData(null, true)]
    public async Task Circuit_WebSocket_OpensOnlyFromThisSite(string? origin, bool opens)
    {
        using var browser = await app.SignInAsync(Roles.Viewer);
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.SetRequestHeader("Cookie", browser.CookieHeader);
        if (origin is not null)
        {
            socket.Options.SetRequestHeader("Origin", origin == "own" ? $"http://{app.Address.Authority}" : origin);
        }

        var connecting = socket.ConnectAsync(new UriBuilder(app.Address) { Scheme = "ws", Path = "/_blazor" }.Uri, CancellationToken.None);
        if (opens)
        {
            await connecting;
            Assert.Equal(WebSocketState.Open, socket.State);
        }
        else
        {
            await Assert.ThrowsAsync<WebSocketException>(() => connecting);
            Assert.Equal(HttpStatusCode.Forbidden, socket.HttpStatusCode);
        }
    }

    [Fact]
    public async Task Circuit_Stranger_IsRefused()
    {
        using var browser = app.OpenBrowser();
        using var answer = await browser.Client.PostAsync("/_blazor/negotiate?negotiateVersion=1", null);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Circuit_OversizedMessage_ClosesTheConnection()
    {
        using var browser = await app.SignInAsync(Roles.Viewer);
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Cookie", browser.CookieHeader);
        await socket.ConnectAsync(new UriBuilder(app.Address) { Scheme = "ws", Path = "/_blazor" }.Uri, CancellationToken.None);
        await socket.SendAsync("{\"protocol\":\"blazorpack\",\"version\":1}\u001e"u8.ToArray(), WebSocketMessageType.Text, true, CancellationToken.None);
        var buffer = new byte[1024];
        await socket.ReceiveAsync(buffer, CancellationToken.None);

        // A frame that says it is 1 MiB long and begins like a message.
        var frame = new byte[1 << 20];
        (frame[0], frame[1], frame[2]) = (0xFD, 0xFF, 0x3F);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await socket.SendAsync(frame, WebSocketMessageType.Binary, true, patience.Token);
            while (socket.State == WebSocketState.Open)
            {
                if ((await socket.ReceiveAsync(buffer, patience.Token)).MessageType == WebSocketMessageType.Close)
                {
                    throw new WebSocketException("closed");
                }
            }
        });
        Assert.False(patience.IsCancellationRequested);
        using var page = await browser.Client.GetAsync("/account");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    [Theory]
    [InlineData("/account/sign-in")]
    [InlineData("/status/404")]
    [InlineData("/css/base.css")]
    public async Task Headers_EveryAnswer_LimitsWhatPagesMayDo(string address)
    {
        using var browser = app.OpenBrowser();
        using var answer = await browser.Client.GetAsync(address);
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("script-src 'self' 'wasm-unsafe-eval';", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.EndsWith("; connect-src 'self'", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("DENY", Assert.Single(answer.Headers.GetValues("X-Frame-Options")));
    }

    [Fact]
    public async Task Page_SignedIn_HasNoInlineScript()
    {
        using var browser = await app.SignInAsync(Roles.Viewer);
        foreach (var address in new[] { "/audit", "/account", "/account/password" })
        {
            var html = await browser.Client.GetStringAsync(address);
            Assert.DoesNotMatch("<script(?![^>]*\\ssrc=)", html);
            Assert.DoesNotMatch("\\son[a-z]+=\"", html);
        }
    }

    [Fact]
    public async Task NotFound_SignedIn_IsAPageWithAnId()
    {
        using var browser = await app.SignInAsync(Roles.Viewer);
        using var answer = await browser.Client.GetAsync("/there-is-none");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        var html = await answer.Content.ReadAsStringAsync();
        Assert.Contains("There is nothing at this address", html, StringComparison.Ordinal);
        Assert.Contains("Id for the log", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failure_InAPage_ShowsAnIdAndNoDetails()
    {
        await using var broken = await OpsApp.StartAsync();
        await using (var db = broken.OpenRegistry())
        {
            await db.Database.ExecuteSqlRawAsync("DROP TABLE \"Installations\"");
        }

        using var browser = broken.OpenBrowser();
        using var answer = await browser.Client.GetAsync("/setup?token=x");
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        var html = await answer.Content.ReadAsStringAsync();
        Assert.Contains("Something failed here", html, StringComparison.Ordinal);
        Assert.Matches("data-copy=\"[0-9a-f]{32}\"", html);
        Assert.DoesNotContain("Installations", html, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", html, StringComparison.Ordinal);
    }
}
