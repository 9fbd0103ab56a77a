using Microsoft.AspNetCore.Authorization;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Access.Sessions;

namespace Ops.Dashboard.Features.Access.Authorization;

/// <summary>Asks for a right that the person holds now, whatever the cookie was issued with.</summary>
internal sealed record RightRequirement(Right Right) : IAuthorizationRequirement;

/// <summary>Answers <see cref="RightRequirement"/> from the registry.</summary>
internal sealed class RightHandler(PeopleNow people) : AuthorizationHandler<RightRequirement>
{
    protected override async Task HandleRequirementAsync(AuthorizationHandlerContext context, RightRequirement requirement)
    {
        if (SessionPrincipal.PersonId(context.User) is { } id
            && await FindAsync(context, id) is { } person
            && SessionPrincipal.Holds(context.User, person)
            && person.Roles.Allow(requirement.Right))
        {
            context.Succeed(requirement);
        }
    }

    private ValueTask<PersonNow?> FindAsync(AuthorizationHandlerContext context, Guid id) =>
        context.Resource is HttpContext ? new(people.FindAsync(id)) : people.FindForOpenPageAsync(id);
}

/// <summary>One policy a right, named after it; whoever opens anything at all needs <see cref="Right.View"/>.</summary>
internal static class RightPolicies
{
    public static void Add(AuthorizationOptions options)
    {
        foreach (var right in Enum.GetValues<Right>())
        {
            options.AddPolicy(right.ToString(), PolicyFor(right));
        }

        options.DefaultPolicy = PolicyFor(Right.View);
        options.FallbackPolicy = options.DefaultPolicy;
    }

    private static AuthorizationPolicy PolicyFor(Right right) =>
        new AuthorizationPolicyBuilder().RequireAuthenticatedUser().AddRequirements(new RightRequirement(right)).Build();
}
