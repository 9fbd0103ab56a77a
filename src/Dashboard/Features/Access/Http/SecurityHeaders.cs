namespace Ops.Dashboard.Features.Access.Http;

/// <summary>Tells browsers what the pages never do, so that injected markup cannot do it either.</summary>
internal static class SecurityHeaders
{
    // Blazor and Radzen position things through style attributes. WebAssembly is what hashes uploads in the browser; it cannot run script.
    private const string ContentSecurityPolicy =
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        + "connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    /// <summary>Sets the headers on everything but what a model server answers through <c>/serve</c>.</summary>
    public static void UseSecurityHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (!context.Request.Path.StartsWithSegments("/serve", StringComparison.OrdinalIgnoreCase))
        {
            // Set last, because Blazor sets a weaker policy of its own.
            context.Response.OnStarting(Set, context.Response.Headers);
        }

        return next(context);
    });

    private static Task Set(object state)
    {
        var headers = (IHeaderDictionary)state;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=()";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        return Task.CompletedTask;
    }
}
