using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Identity;
using Ops.Dashboard.Features.Access.Authorization;

namespace Ops.Dashboard.Features.Access.Sessions;

/// <summary>Gives this browser a session.</summary>
internal static class SessionStart
{
    /// <summary>Sets the cookie. Call it before anything of the response is written.</summary>
    public static Task StartSessionAsync(this HttpContext context, PersonNow person, string how) =>
        context.SignInAsync(IdentityConstants.ApplicationScheme, SessionPrincipal.Create(person, how));
}
