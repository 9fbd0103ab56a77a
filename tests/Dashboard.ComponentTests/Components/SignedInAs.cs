using System.Security.Claims;
using Bunit;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Ops.Dashboard.Commands;

namespace Ops.Dashboard.ComponentTests.Components;

/// <summary>Gives components somebody who is signed in and holds some rights. bUnit's own stand-in needs an assembly that is not to be had here.</summary>
internal static class SignedInAs
{
    private const string RightClaim = "right";

    /// <summary>Call it before the first component is rendered.</summary>
    public static void AddPerson(this BunitContext context, params Right[] rights)
    {
        var identity = new ClaimsIdentity([new(ClaimTypes.Name, "uli"), .. rights.Select(right => new Claim(RightClaim, right.ToString()))], "test");

        // bUnit puts placeholders there that throw.
        context.Services.RemoveAll<IAuthorizationService>();
        context.Services.RemoveAll<IAuthorizationPolicyProvider>();
        context.Services.RemoveAll<AuthenticationStateProvider>();
        context.Services.AddAuthorizationCore(options =>
        {
            foreach (var right in Enum.GetNames<Right>())
            {
                options.AddPolicy(right, policy => policy.RequireClaim(RightClaim, right));
            }
        });
        context.Services.AddSingleton<AuthenticationStateProvider>(new Fixed(new(new(identity))));
        context.Services.AddCascadingAuthenticationState();
    }

    private sealed class Fixed(AuthenticationState state) : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(state);
    }
}
