namespace Ops.Dashboard.Features.Access.Http;

/// <summary>Tells browsers what the pages never do, so that injected markup cannot do it either.</summary>
internal static class SecurityHeaders
{
    // Blazor and Radzen position things through style attributes. WebAssembly is what hashes uploads in the browser; it cannot run script.
    private const string ContentSecurityPolicy =
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        + "worker-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; "
        + "connect-src 'self'";

    /// <summary>Sets the headers on everything but what a model server answers through <c>/serve</c>.</summary>
    /// <param name="app">The application.</param>
    /// <param name="servers">Other servers that pages may send requests to, such as model stores that take uploads themselves. Asked for every answer.</param>
    public static void UseSecurityHeaders(this IApplicationBuilder app, Func<IEnumerable<Uri>> servers) => app.Use((context, next) =>
    {
        if (!context.Request.Path.StartsWithSegments("/serve", StringComparison.OrdinalIgnoreCase))
        {
            // Set last, because Blazor sets a weaker policy of its own.
            context.Response.OnStarting(state => Set((IHeaderDictionary)state, servers()), context.Response.Headers);
        }

        return next(context);
    });

    private static Task Set(IHeaderDictionary headers, IEnumerable<Uri> servers)
    {
        // Only scheme, host and port of what is http: nothing else of an address can become part of the policy.
        headers.ContentSecurityPolicy = string.Join(' ', servers
            .Where(server => server.Scheme is "http" or "https")
            .Select(server => server.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped))
            .Distinct(StringComparer.Ordinal)
            .Prepend(ContentSecurityPolicy));
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=()";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        return Task.CompletedTask;
    }
}
