using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Access.Authorization;
using Ops.Dashboard.Features.Access.SignIn;
using Ops.Data;
using Ops.Data.Access;

namespace Ops.Dashboard.Features.Access.People;

/// <summary>A password to hand over, shown once.</summary>
/// <param name="PersonId">Whose.</param>
/// <param name="Name">The name to sign in with.</param>
/// <param name="Password">To be changed at the next sign-in.</param>
public sealed record TemporaryPassword(Guid PersonId, string Name, string Password);

/// <summary>What administrators do with accounts.</summary>
internal sealed class PeopleCommands(CommandRunner commands, IPasswordHasher<Person> hasher, ILookupNormalizer normalizer, PeopleNow people)
{
    /// <summary>Makes an account with a temporary password.</summary>
    public Task<Result<TemporaryPassword>> CreateAsync(Caller caller, string? name, Roles roles, CancellationToken cancellation = default)
    {
        name = name?.Trim().ToLowerInvariant();
        return commands.RunAsync<TemporaryPassword>(
            caller,
            "access.create-person",
            Right.ManageAccess,
            async (scope, token) =>
            {
                if (UserNames.Check(name, "name") is { Succeeded: false } refusal)
                {
                    return refusal.Failure;
                }

                var normalized = normalizer.NormalizeName(name);
                if (await scope.Db.Users.AnyAsync(p => p.NormalizedUserName == normalized, token))
                {
                    return new Failure(FailureKind.Conflict, $"There is somebody called {name} already.", "name");
                }

                var person = Person.Create(name!, roles, scope.Now);
                person.NormalizedUserName = normalized;
                scope.Db.Users.Add(person);
                scope.Audit("person", person.Id, name!, after: new { Name = name, person.Roles });
                return Renew(person);
            },
            cancellation);
    }

    /// <summary>Replaces somebody's roles. The last enabled administrator stays one.</summary>
    public Task<Result> ChangeRolesAsync(Caller caller, Guid id, Roles roles, CancellationToken cancellation = default) =>
        ChangeAsync(caller, "access.change-roles", id, async (scope, person, token) =>
        {
            var before = person.Roles;
            person.SetRoles(roles);
            if (person.Roles == before)
            {
                return Failure.Invalid("These are the roles already.", "roles");
            }

            scope.Audit("person", person.Id, person.UserName!, new { Roles = before }, new { person.Roles });
            return await KeepAnAdministratorAsync(scope, token);
        }, cancellation);

    /// <summary>Stops an account from being used and ends its sessions. Nobody disables themselves or the last administrator.</summary>
    public Task<Result> DisableAsync(Caller caller, Guid id, string? reason, CancellationToken cancellation = default) =>
        ChangeAsync(caller, "access.disable-person", id, async (scope, person, token) =>
        {
            if (person.Id == scope.Person.Id)
            {
                return Failure.Conflict("You cannot disable your own account. Ask another administrator.");
            }

            if (person.Disable(scope.Now) is { Succeeded: false } refusal)
            {
                return refusal;
            }

            scope.Audit("person", person.Id, person.UserName!, new { Enabled = true }, new { Enabled = false }, reason);
            return await KeepAnAdministratorAsync(scope, token);
        }, cancellation);

    /// <summary>Lets an account be used again.</summary>
    public Task<Result> EnableAsync(Caller caller, Guid id, CancellationToken cancellation = default) =>
        ChangeAsync(caller, "access.enable-person", id, (scope, person, _) =>
        {
            scope.Audit("person", person.Id, person.UserName!, new { Enabled = false }, new { Enabled = true });
            return Task.FromResult(person.Enable());
        }, cancellation);

    /// <summary>Ends every session of somebody.</summary>
    public Task<Result> EndSessionsAsync(Caller caller, Guid id, CancellationToken cancellation = default) =>
        ChangeAsync(caller, "access.end-sessions", id, (scope, person, _) =>
        {
            person.EndSessions();
            scope.Audit("person", person.Id, person.UserName!);
            return Task.FromResult(Result.Done);
        }, cancellation);

    /// <summary>Gives somebody a temporary password, lifts a lockout and ends the sessions.</summary>
    public async Task<Result<TemporaryPassword>> ResetPasswordAsync(Caller caller, Guid id, CancellationToken cancellation = default)
    {
        TemporaryPassword? temporary = null;
        var result = await ChangeAsync(caller, "access.reset-password", id, (scope, person, _) =>
        {
            if (person.Id == scope.Person.Id)
            {
                return Task.FromResult<Result>(Failure.Conflict("Change your own password under My account."));
            }

            temporary = Renew(person);
            scope.Audit("person", person.Id, person.UserName!);
            return Task.FromResult(Result.Done);
        }, cancellation);
        return result.Succeeded ? temporary! : result.Failure;
    }

    private Task<Result> ChangeAsync(
        Caller caller, string action, Guid id, Func<CommandScope, Person, CancellationToken, Task<Result>> change, CancellationToken cancellation) =>
        commands.RunAsync(
            caller,
            action,
            Right.ManageAccess,
            async (scope, token) =>
            {
                if (await scope.Db.Users.SingleOrDefaultAsync(p => p.Id == id, token) is not { } person)
                {
                    return Failure.NotFound("There is no such account.");
                }

                scope.AfterCommit(() => people.Forget(id));
                return await change(scope, person, token);
            },
            cancellation);

    private TemporaryPassword Renew(Person person)
    {
        var password = PasswordRules.Generate();
        person.PasswordHash = hasher.HashPassword(person, password);
        person.MustChangePassword = true;
        person.AccessFailedCount = 0;
        person.LockoutEnd = null;
        person.EndSessions();
        return new(person.Id, person.UserName!, password);
    }

    private static async Task<Result> KeepAnAdministratorAsync(CommandScope scope, CancellationToken cancellation)
    {
        // The context hands out the changed entity itself, so this sees people as they will be.
        var left = (await scope.Db.Users.ToListAsync(cancellation)).Where(p => p.IsEnabled && p.Roles.HasFlag(Roles.Administrator)).ToList();
        if (left.Count == 0)
        {
            return Failure.Conflict("This is the last administrator. Give somebody else the role first.");
        }

        // Two administrators who remove each other at the same moment collide here, and the second one runs again.
        left.ForEach(administrator => administrator.Touch());
        return Result.Done;
    }
}
