using Microsoft.AspNetCore.Authorization;
using Ops.Dashboard.Features.Access.Sessions;

namespace Ops.Dashboard.Features.Access.Http;

/// <summary>Somebody with a password that another person chose does nothing before choosing an own one.</summary>
internal static class MustChangePassword
{
    /// <summary>Sends such a person to the password page; programs get 403.</summary>
    public static void UseMustChangePassword(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (!context.User.HasClaim(claim => claim.Type == SessionPrincipal.MustChangeClaim)
            || context.Request.Path.StartsWithSegments("/account", StringComparison.OrdinalIgnoreCase)
            || context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            return next(context);
        }

        if (HttpMethods.IsGet(context.Request.Method) && !RequestPaths.IsForPrograms(context.Request.Path))
        {
            context.Response.Redirect("/account/password");
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
        }

        return Task.CompletedTask;
    });
}
