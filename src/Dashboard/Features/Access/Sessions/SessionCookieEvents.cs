using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Ops.Dashboard.Features.Access.Authorization;
using Ops.Dashboard.Features.Access.Http;

namespace Ops.Dashboard.Features.Access.Sessions;

/// <summary>
/// Checks every request's cookie against the registry: ended sessions and disabled accounts are signed out, changed roles put into the cookie.
/// It stands in for Identity's security stamp validator, which looks only now and then.
/// </summary>
internal sealed class SessionCookieEvents(PeopleNow people) : CookieAuthenticationEvents
{
    public override async Task ValidatePrincipal(CookieValidatePrincipalContext context)
    {
        var person = context.Principal is { } principal && SessionPrincipal.PersonId(principal) is { } id
            ? await people.FindAsync(id, context.HttpContext.RequestAborted)
            : null;
        if (person is null || !SessionPrincipal.Holds(context.Principal!, person))
        {
            context.RejectPrincipal();
            await context.HttpContext.SignOutAsync(context.Scheme.Name);
        }
        else if (SessionPrincipal.Renew(context.Principal!, person) is { } renewed)
        {
            context.ReplacePrincipal(renewed);
            context.ShouldRenew = true;
        }
    }

    /// <summary>Programs get a status, people the sign-in page.</summary>
    public override Task RedirectToLogin(RedirectContext<CookieAuthenticationOptions> context)
    {
        if (!RequestPaths.IsForPrograms(context.Request.Path) && (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)))
        {
            return base.RedirectToLogin(context);
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    }

    public override Task RedirectToAccessDenied(RedirectContext<CookieAuthenticationOptions> context)
    {
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }
}
