using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ops.Integration.Tests.Support;

/// <summary>What a browser is to the server: cookies, forms with their tokens, redirects that it shows instead of following.</summary>
public sealed partial class TestBrowser : IDisposable
{
    private readonly CookieContainer cookies = new();
    private readonly SocketsHttpHandler handler;

    internal TestBrowser(Uri address, TestPerson? person)
    {
        handler = new() { CookieContainer = cookies, AllowAutoRedirect = false };
        Client = new(handler) { BaseAddress = address };
        Person = person;
    }

    /// <summary>Sends cookies and, when signed in, the antiforgery header with every request. Redirects are not followed.</summary>
    public HttpClient Client { get; }

    /// <summary>Who is signed in, or null.</summary>
    public TestPerson? Person { get; }

    /// <summary>The cookies as one header, for clients that are not this one, such as a WebSocket.</summary>
    public string CookieHeader => cookies.GetCookieHeader(Client.BaseAddress!);

    /// <summary>Where a redirect leads (path and query), or null when it is none.</summary>
    public static string? RedirectOf(HttpResponseMessage answer) => answer.Headers.Location switch
    {
        null => null,
        { IsAbsoluteUri: true } absolute => absolute.PathAndQuery,
        var relative => relative.ToString(),
    };

    /// <summary>Opens a page and submits one of its forms with what it holds of hidden fields.</summary>
    /// <param name="page">The page's address.</param>
    /// <param name="form">The form's name.</param>
    /// <param name="fields">Field values, without the prefix <c>Form.</c></param>
    public async Task<HttpResponseMessage> SubmitAsync(string page, string form, params (string Name, string Value)[] fields)
    {
        var html = await Client.GetStringAsync(page);
        var token = TokenPattern().Match(html);
        Assert.True(token.Success, $"{page} has no form:\n{html}");
        var values = fields.Select(field => KeyValuePair.Create($"Form.{field.Name}", field.Value))
            .Append(KeyValuePair.Create("_handler", form))
            .Append(KeyValuePair.Create("__RequestVerificationToken", token.Groups[1].Value));
        using var content = new FormUrlEncodedContent(values);
        return await Client.PostAsync(page, content);
    }

    /// <summary>Reads the antiforgery token as the pages' script does and sends it from now on.</summary>
    public async Task RefreshAntiforgeryAsync()
    {
        var answer = await Client.GetFromJsonAsync<JsonElement>("/api/antiforgery");
        var header = answer.GetProperty("header").GetString()!;
        Client.DefaultRequestHeaders.Remove(header);
        Client.DefaultRequestHeaders.Add(header, answer.GetProperty("token").GetString());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Client.Dispose();
        handler.Dispose();
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex TokenPattern();
}
