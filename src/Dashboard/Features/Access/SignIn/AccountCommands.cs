using Microsoft.AspNetCore.Identity;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Access.Authorization;
using Ops.Data;
using Ops.Data.Access;

namespace Ops.Dashboard.Features.Access.SignIn;

/// <summary>What people do with their own account.</summary>
internal sealed class AccountCommands(CommandRunner commands, IPasswordHasher<Person> hasher, PeopleNow people, TryLimiter limiter)
{
    /// <summary>Replaces the password and ends all sessions; the caller is to be signed in anew with what comes back.</summary>
    public async Task<Result<PersonNow>> ChangePasswordAsync(Caller caller, string? current, string? replacement, CancellationToken cancellation = default)
    {
        if (!limiter.Allows("password", caller.PersonId?.ToString() ?? ""))
        {
            return Failure.Unavailable("Too many tries. Wait a minute, then try again.");
        }

        return await commands.RunAsync<PersonNow>(caller, "access.change-password", Right.View, (scope, _) => Task.FromResult(Change(scope)), cancellation);

        Result<PersonNow> Change(CommandScope scope)
        {
            var person = scope.Person;
            if (current is not { Length: <= PasswordRules.MaxLength }
                || hasher.VerifyHashedPassword(person, person.PasswordHash ?? "", current) == PasswordVerificationResult.Failed)
            {
                return new Failure(FailureKind.Forbidden, "The current password is wrong.", "current");
            }

            if (PasswordRules.Check(replacement, person.UserName!, "replacement") is { Succeeded: false } refusal)
            {
                return refusal.Failure;
            }

            if (current == replacement)
            {
                return Failure.Invalid("Choose a password other than the current one.", "replacement");
            }

            person.PasswordHash = hasher.HashPassword(person, replacement!);
            person.MustChangePassword = false;
            person.EndSessions();
            scope.Audit("person", person.Id, person.UserName!);
            scope.AfterCommit(() => people.Forget(person.Id));
            return PersonNow.Of(person);
        }
    }

    /// <summary>Ends every session of the caller, this one too.</summary>
    public Task<Result> SignOutEverywhereAsync(Caller caller, CancellationToken cancellation = default) => commands.RunAsync(
        caller,
        "access.end-own-sessions",
        Right.View,
        (scope, _) =>
        {
            scope.Person.EndSessions();
            scope.Audit("person", scope.Person.Id, scope.Person.UserName!);
            scope.AfterCommit(() => people.Forget(scope.Person.Id));
            return Task.FromResult(Result.Done);
        },
        cancellation);
}
