using System.Security.Claims;
using Microsoft.AspNetCore.Identity;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Access.Authorization;
using Ops.Data.Access;

namespace Ops.Dashboard.Features.Access.Sessions;

/// <summary>What a session's cookie carries, and whether it still holds.</summary>
internal static class SessionPrincipal
{
    /// <summary>There while the person must choose a new password before anything else.</summary>
    public const string MustChangeClaim = "ops:must-change";

    /// <summary>Signed in with name and password.</summary>
    public const string Password = "password";

    /// <summary>Signed in by using the setup link.</summary>
    public const string SetupLink = "setup-link";

    /// <summary>Makes the principal of a new session.</summary>
    public static ClaimsPrincipal Create(PersonNow person, string how)
    {
        var identity = new ClaimsIdentity(IdentityConstants.ApplicationScheme, ClaimTypes.Name, ClaimTypes.Role);
        identity.AddClaim(new(ClaimTypes.NameIdentifier, person.Id.ToString()));
        identity.AddClaim(new(ClaimTypes.Name, person.Name));
        identity.AddClaim(new(Caller.HowClaim, how));
        identity.AddClaim(new(Caller.StampClaim, person.SecurityStamp));
        identity.AddClaims(Enum.GetValues<Roles>().Where(role => role != Roles.None && person.Roles.HasFlag(role)).Select(role => new Claim(ClaimTypes.Role, role.ToString())));
        if (person.MustChangePassword)
        {
            identity.AddClaim(new(MustChangeClaim, "true"));
        }

        return new(identity);
    }

    /// <summary>The account of a signed-in principal.</summary>
    public static Guid? PersonId(ClaimsPrincipal principal) =>
        principal.Identity?.IsAuthenticated == true && Guid.TryParse(principal.FindFirstValue(ClaimTypes.NameIdentifier), out var id) ? id : null;

    /// <summary>Whether the session was neither ended nor its account disabled.</summary>
    public static bool Holds(ClaimsPrincipal principal, PersonNow person) =>
        person.IsEnabled && person.SecurityStamp.Length > 0 && principal.FindFirstValue(Caller.StampClaim) == person.SecurityStamp;

    /// <summary>The same session with what the registry says now, or null when the principal says it already.</summary>
    public static ClaimsPrincipal? Renew(ClaimsPrincipal principal, PersonNow person)
    {
        var renewed = Create(person, principal.FindFirstValue(Caller.HowClaim) ?? Password);
        return renewed.Claims.Select(Pair).ToHashSet().SetEquals(principal.Claims.Select(Pair)) ? null : renewed;
    }

    private static (string Type, string Value) Pair(Claim claim) => (claim.Type, claim.Value);
}
