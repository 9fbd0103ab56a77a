using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Features.Serving;

/// <summary>Answers <c>/serve/{endpoint}/v2/...</c> by forwarding to the endpoint's ready replicas.</summary>
internal static class ServingFeature
{
    /// <summary>Adds the router.</summary>
    public static IServiceCollection AddServing(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<ServingOptions>, ValidateServingOptions>();
        services.AddOptions<ServingOptions>().BindConfiguration(ServingOptions.Section).ValidateOnStart();
        services.TryAddSingleton<ObservedEndpoints>();
        services.AddSingleton<RouteTable>();
        services.AddSingleton<UnroutedEndpoints>();
        services.AddSingleton<ServingStatistics>();
        services.AddSingleton<EndpointTokens>();
        services.AddSingleton<ReplicaSender>();
        services.AddSingleton<BodyCopies>();
        services.AddSingleton<ShadowCopies>();
        services.AddSingleton<Forwarder>();
        return services;
    }

    /// <summary>Maps the address that clients call. Clients are programs: no cookie is looked at, an endpoint asks for its own token or for none.</summary>
    public static void MapServing(this IEndpointRouteBuilder app) =>
        app.Map("/serve/{endpoint}/{**path}", ServeAsync).AllowAnonymous().DisableAntiforgery();

    private static async Task ServeAsync(HttpContext context, string endpoint, string? path, RouteTable routes, UnroutedEndpoints unrouted, EndpointTokens tokens, Forwarder forwarder)
    {
        // The runtime limits bodies by what its model takes; the router holds none of it.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        if (routes.Find(endpoint) is not { } route)
        {
            await RefuseAsync(context, await unrouted.MayExistAsync(endpoint, context.RequestAborted));
            return;
        }

        if (route.RequiresToken && !await tokens.AllowAsync(route.EndpointId, context.Request.Headers.Authorization, context.RequestAborted))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            await ServingErrors.WriteAsync(context, StatusCodes.Status401Unauthorized, "This endpoint asks for a token: send it as 'Authorization: Bearer ...'.");
            return;
        }

        const string preview = "preview/";
        var isPreview = path?.StartsWith(preview, StringComparison.Ordinal) == true;
        if (isPreview)
        {
            path = path![preview.Length..];
            if (route.Preview is null)
            {
                await ServingErrors.WriteAsync(context, StatusCodes.Status404NotFound, "No version of this endpoint is in preview.");
                return;
            }
        }

        if (!IsOpenToClients(path))
        {
            await ServingErrors.WriteAsync(context, StatusCodes.Status404NotFound, "Clients may ask for /v2, /v2/health/... and /v2/models/...");
            return;
        }

        // Taken from the decoded path and encoded afresh, so that what was checked is what is sent.
        var forwarded = new PathString("/" + path).ToUriComponent() + context.Request.QueryString.ToUriComponent();
        await forwarder.ForwardAsync(context, route, forwarded, isPreview);
    }

    // A dashboard that has just started knows an endpoint before it knows its replicas. To say that there is none would make clients give up.
    private static Task<int> RefuseAsync(HttpContext context, bool mayExist)
    {
        if (!mayExist)
        {
            return ServingErrors.WriteAsync(context, StatusCodes.Status404NotFound, "There is no such endpoint.");
        }

        context.Response.Headers.RetryAfter = "1";
        return ServingErrors.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "This endpoint is not routed yet. Try again in a moment.");
    }

    /// <summary>Inference, metadata and health are for clients; loading, unloading and metrics of a replica are not.</summary>
    internal static bool IsOpenToClients(string? path)
    {
        if (path is null || path.Contains('\\', StringComparison.Ordinal) || path.Contains("//", StringComparison.Ordinal) || path.Contains('%', StringComparison.Ordinal))
        {
            return false;
        }

        var segments = path.TrimEnd('/').Split('/');
        return segments[0] == "v2"
            && !segments.Contains("..", StringComparer.Ordinal)
            && (segments.Length == 1 || segments[1] is "health" or "models");
    }
}
