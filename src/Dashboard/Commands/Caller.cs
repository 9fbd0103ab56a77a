using System.Diagnostics;
using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;

namespace Ops.Dashboard.Commands;

/// <summary>Who asks for a command, as the cookie said. Whether that still holds is read from the registry when the command runs.</summary>
/// <param name="PersonId">The account, or null for strangers and for the system.</param>
/// <param name="Name">The name for the audit.</param>
/// <param name="SignedInHow">Such as <c>password</c>; goes into the audit.</param>
/// <param name="SecurityStamp">The stamp the session was issued under; a newer one in the registry means the session was ended.</param>
/// <param name="CorrelationId">Joins audit entries with log lines and error messages.</param>
internal sealed record Caller(Guid? PersonId, string Name, string SignedInHow, string SecurityStamp, string CorrelationId)
{
    /// <summary>The claim that says how a session was signed in.</summary>
    public const string HowClaim = "ops:how";

    /// <summary>The claim that carries the security stamp (Identity's default name).</summary>
    public const string StampClaim = "AspNet.Identity.SecurityStamp";

    /// <summary>The dashboard itself: the controller, clean-up jobs.</summary>
    public static Caller System(string correlationId) => new(null, "system", "system", "", correlationId);

    /// <summary>Reads a signed-in principal; anybody else becomes a stranger whom every right refuses.</summary>
    public static Caller From(ClaimsPrincipal principal) => new(
        Guid.TryParse(principal.FindFirstValue(ClaimTypes.NameIdentifier), out var id) ? id : null,
        principal.Identity?.Name ?? "stranger",
        principal.FindFirstValue(HowClaim) ?? "none",
        principal.FindFirstValue(StampClaim) ?? "",
        Activity.Current?.TraceId.ToString() ?? Guid.NewGuid().ToString("N"));
}

/// <summary>The caller of the page or request at hand.</summary>
internal sealed class CallerAccessor(AuthenticationStateProvider authentication)
{
    /// <summary>Reads it afresh; correlation ids differ from call to call outside a request.</summary>
    public async Task<Caller> GetAsync() => Caller.From((await authentication.GetAuthenticationStateAsync()).User);
}
