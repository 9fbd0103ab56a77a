using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Http.Features;

namespace Ops.Testing;

/// <summary>Hands requests on to an S3 server under the host that they name, because that is signed, and its answers back.</summary>
internal sealed class S3Forwarder(Uri server) : IDisposable
{
    // What belongs to one connection, or is said by the content itself.
    private static readonly string[] Dropped = ["Transfer-Encoding", "Connection", "Keep-Alive", "Expect", "Host", "Content-Length"];
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = TimeSpan.FromMinutes(10) };

    /// <summary>Hands one on.</summary>
    /// <param name="context">The request, and where the answer goes.</param>
    /// <param name="carries">Which of its headers the server sees.</param>
    /// <param name="answered">Called with the answer before its body is handed back.</param>
    public async Task CarryAsync(HttpContext context, Func<string, bool> carries, Action<HttpResponseMessage>? answered = null)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(server, context.Request.GetEncodedPathAndQuery()));
        if (context.Request.ContentLength is { } length)
        {
            request.Content = new StreamContent(context.Request.Body);
            request.Content.Headers.ContentLength = length;
        }

        request.Headers.Host = context.Request.Host.Value;
        foreach (var (name, values) in context.Request.Headers.Where(h => carries(h.Key) && !IsDropped(h.Key)))
        {
            _ = request.Headers.TryAddWithoutValidation(name, values.ToString()) || request.Content?.Headers.TryAddWithoutValidation(name, values.ToString()) == true;
        }

        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(h => !IsHop(h.Key) && !h.Key.StartsWith("Access-Control-", StringComparison.Ordinal)))
        {
            context.Response.Headers[name] = values.ToArray();
        }

        answered?.Invoke(answer);
        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private static bool IsDropped(string header) => Dropped.Contains(header, StringComparer.OrdinalIgnoreCase) || header.StartsWith("Proxy-", StringComparison.OrdinalIgnoreCase);

    private static bool IsHop(string header) => IsDropped(header) && header != "Content-Length";
}
