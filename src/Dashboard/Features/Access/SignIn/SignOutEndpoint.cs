using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Identity;
using Ops.Dashboard.Commands;

namespace Ops.Dashboard.Features.Access.SignIn;

/// <summary>Ends this browser's session: a real form post, since a circuit cannot clear a cookie.</summary>
internal static class SignOutEndpoint
{
    /// <summary>Clears the cookie and goes to the sign-in page.</summary>
    public static async Task<IResult> SignOutAsync(HttpContext context, CommandRunner commands)
    {
        if (context.User.Identity?.IsAuthenticated == true)
        {
            var caller = Caller.From(context.User);
            await commands.RunAsync(
                caller,
                "access.sign-out",
                Right.View,
                (scope, _) =>
                {
                    scope.Audit("person", scope.Person.Id, scope.Person.UserName!);
                    return Task.FromResult(Ops.Data.Result.Done);
                },
                context.RequestAborted);
        }

        await context.SignOutAsync(IdentityConstants.ApplicationScheme);
        return Results.LocalRedirect("/account/sign-in");
    }
}
