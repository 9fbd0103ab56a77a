namespace Ops.Dashboard.Features.Access.Http;

/// <summary>Browsers let any site open a WebSocket here and send the cookie along; only pages of this site may.</summary>
internal static class CircuitOrigin
{
    /// <summary>Answers 403 to <c>/_blazor</c> requests that say they come from another origin.</summary>
    public static void UseCircuitOriginCheck(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (context.Request.Path.StartsWithSegments("/_blazor", StringComparison.OrdinalIgnoreCase)
            && context.Request.Headers.Origin is [{ } origin]
            && !IsOwn(origin, context.Request.Host))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        }

        return next(context);
    });

    // The scheme is left out: behind a proxy that ends TLS, the page is https and this request http.
    private static bool IsOwn(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && string.Equals(uri.Authority, WithoutDefaultPort(uri, host), StringComparison.OrdinalIgnoreCase);

    private static string WithoutDefaultPort(Uri origin, HostString host) =>
        host.Port is { } port && origin.IsDefaultPort && origin.Port == port ? host.Host : host.ToString();
}
