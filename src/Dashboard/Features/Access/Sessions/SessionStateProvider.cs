using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Access.Authorization;

namespace Ops.Dashboard.Features.Access.Sessions;

/// <summary>
/// A page that stays open outlives its cookie, so the circuit asks again and again whether its person may still be here:
/// an ended session becomes a stranger, and changed roles reach the page without a reload.
/// </summary>
internal sealed class SessionStateProvider(ILoggerFactory loggers, PeopleNow people, IOptions<AccessOptions> options)
    : RevalidatingServerAuthenticationStateProvider(loggers)
{
    protected override TimeSpan RevalidationInterval => options.Value.RevalidateOpenPagesEvery;

    protected override async Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken)
    {
        var principal = authenticationState.User;
        if (SessionPrincipal.PersonId(principal) is not { } id
            || await people.FindAsync(id, cancellationToken) is not { } person
            || !SessionPrincipal.Holds(principal, person))
        {
            return false;
        }

        if (SessionPrincipal.Renew(principal, person) is { } renewed)
        {
            // Starts a new round of checks and ends this one.
            SetAuthenticationState(Task.FromResult(new AuthenticationState(renewed)));
        }

        return true;
    }
}
