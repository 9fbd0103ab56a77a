using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Ops.Testing;

/// <summary>An S3 server as browsers see it: the real one behind an address of its own, which lets pages of one origin in, or none.</summary>
internal sealed class CorsProxy : IAsyncDisposable
{
    private static readonly string[] Dropped = ["Transfer-Encoding", "Connection", "Keep-Alive"];
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = TimeSpan.FromMinutes(10) };
    private readonly Uri server;
    private readonly string? origin;
    private readonly WebApplication app;
    private int parts;

    private CorsProxy(Uri server, string? origin)
    {
        this.server = server;
        this.origin = origin;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(ForwardAsync);
    }

    /// <summary>Where browsers reach it.</summary>
    public Uri Address => new(app.Urls.First());

    /// <summary>How many parts came through.</summary>
    public int Parts => Volatile.Read(ref parts);

    /// <summary>Starts one.</summary>
    /// <param name="server">The real server.</param>
    /// <param name="origin">The origin that is let in, or null.</param>
    public static async Task<CorsProxy> StartAsync(Uri server, string? origin)
    {
        var proxy = new CorsProxy(server, origin);
        await proxy.app.StartAsync();
        return proxy;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        http.Dispose();
    }

    private async Task ForwardAsync(HttpContext context)
    {
        if (origin is not null && context.Request.Headers.Origin == origin)
        {
            context.Response.Headers.AccessControlAllowOrigin = origin;
        }

        if (HttpMethods.IsOptions(context.Request.Method))
        {
            context.Response.Headers.AccessControlAllowMethods = "PUT, GET, HEAD";
            context.Response.Headers.AccessControlAllowHeaders = context.Request.Headers.AccessControlRequestHeaders;
            context.Response.StatusCode = origin is null ? StatusCodes.Status403Forbidden : StatusCodes.Status200OK;
            return;
        }

        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(server, context.Request.Path.ToUriComponent() + context.Request.QueryString));
        if (context.Request.ContentLength > 0)
        {
            request.Content = new StreamContent(context.Request.Body);
            request.Content.Headers.ContentLength = context.Request.ContentLength;
        }

        // The address is signed with the host that the browser names.
        request.Headers.Host = context.Request.Host.Value;
        foreach (var header in context.Request.Headers.Where(h => h.Key.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase)))
        {
            request.Headers.TryAddWithoutValidation(header.Key, header.Value.ToString());
        }

        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(h => !Dropped.Contains(h.Key) && !h.Key.StartsWith("Access-Control-", StringComparison.Ordinal)))
        {
            context.Response.Headers[name] = values.ToArray();
        }

        if (answer.IsSuccessStatusCode && HttpMethods.IsPut(context.Request.Method))
        {
            Interlocked.Increment(ref parts);
        }

        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
