using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Audit;

namespace Ops.Dashboard.Commands;

/// <summary>Runs every command the same way: the right is checked against the registry, the body changes entities, and the change and its audit entry are saved in one transaction.</summary>
internal sealed class CommandRunner(IDbContextFactory<RegistryDb> databases, TimeProvider time, ILogger<CommandRunner> log)
{
    private const int Attempts = 4;

    /// <summary>Runs a command for a person.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="action">What, such as <c>model.archive</c>; goes into the audit.</param>
    /// <param name="right">The right it needs. A refusal leaves an audit entry of its own.</param>
    /// <param name="body">Reads and changes entities. It may run again when somebody else changed the same row, so it has no effects beside the context.</param>
    /// <param name="cancellation">Gives up before the commit.</param>
    public Task<Result<T>> RunAsync<T>(
        Caller caller, string action, Right right, Func<CommandScope, CancellationToken, Task<Result<T>>> body, CancellationToken cancellation = default) =>
        AttemptAsync(caller, action, right, body, cancellation);

    /// <summary>Runs a command that has no value to return.</summary>
    public async Task<Result> RunAsync(
        Caller caller, string action, Right right, Func<CommandScope, CancellationToken, Task<Result>> body, CancellationToken cancellation = default)
    {
        var result = await RunAsync<bool>(
            caller,
            action,
            right,
            async (scope, token) => await body(scope, token) is { Failure: { } failure } ? failure : true,
            cancellation);
        return result.Succeeded ? Result.Done : result.Failure;
    }

    /// <summary>Checks a right without running a command, for reads and for steps too small for an entry of their own. A refusal leaves an audit entry.</summary>
    public async Task<Result> CheckAsync(Caller caller, string action, Right right, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var person = caller.PersonId is { } id ? await db.Users.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, cancellation) : null;
        return Refuse(person, caller, right) is { } refusal ? await RefusedAsync(caller, person, action, refusal) : Result.Done;
    }

    /// <summary>Runs a step of the system itself; nobody's right is checked, the audit still names what was done.</summary>
    public Task<Result> RunAsSystemAsync(
        string action, Func<CommandScope, CancellationToken, Task<Result>> body, CancellationToken cancellation = default) =>
        RunUncheckedAsync(Caller.System(Guid.NewGuid().ToString("N")), action, body, cancellation);

    /// <summary>Runs a command of somebody whose right the body itself proves, such as the holder of the setup link. A body that answers Forbidden leaves the entry of a refusal.</summary>
    public async Task<Result> RunUncheckedAsync(
        Caller caller, string action, Func<CommandScope, CancellationToken, Task<Result>> body, CancellationToken cancellation = default)
    {
        var result = await AttemptAsync<bool>(
            caller,
            action,
            null,
            async (scope, token) => await body(scope, token) is { Failure: { } failure } ? failure : true,
            cancellation);
        return result.Succeeded ? Result.Done : result.Failure;
    }

    private async Task<Result<T>> AttemptAsync<T>(
        Caller caller, string action, Right? right, Func<CommandScope, CancellationToken, Task<Result<T>>> body, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var db = await databases.CreateDbContextAsync(cancellation);
            var person = right is not null && caller.PersonId is { } id ? await db.Users.SingleOrDefaultAsync(p => p.Id == id, cancellation) : null;
            if (right is { } needed && Refuse(person, caller, needed) is { } refusal)
            {
                return await RefusedAsync(caller, person, action, refusal);
            }

            var scope = new CommandScope(db, caller, person, action, time.GetUtcNow());
            try
            {
                var result = await CommitAsync(scope, body, cancellation);
                return result.Failure is { Kind: FailureKind.Forbidden } forbidden
                    ? await RefusedAsync(caller, person, action, forbidden, scope.Subject)
                    : result;
            }
            catch (DbUpdateConcurrencyException) when (attempt < Attempts)
            {
                log.CommandRetried(action, attempt);
            }
            catch (DbUpdateConcurrencyException)
            {
                return Failure.Conflict("Somebody else changed this at the same moment. Reload the page and try again.");
            }
            catch (DbUpdateException exception) when (attempt < Attempts && DatabaseErrors.IsUniqueViolation(exception))
            {
                log.CommandRetried(action, attempt);
            }
        }
    }

    private static async Task<Result<T>> CommitAsync<T>(CommandScope scope, Func<CommandScope, CancellationToken, Task<Result<T>>> body, CancellationToken cancellation)
    {
        var result = await body(scope, cancellation);
        if (!result.Succeeded)
        {
            return result;
        }

        if (!scope.IsAudited)
        {
            throw new InvalidOperationException("A command that succeeds says in the audit what it did.");
        }

        await scope.Db.SaveChangesAsync(cancellation);
        foreach (var action in scope.AfterCommitActions)
        {
            action();
        }

        return result;
    }

    private static Failure? Refuse(Person? person, Caller caller, Right right)
    {
        if (person is null || person.SecurityStamp != caller.SecurityStamp)
        {
            return Failure.Forbidden("You are signed out. Sign in again.");
        }

        if (!person.IsEnabled)
        {
            return Failure.Forbidden("Your account is disabled. Ask an administrator.");
        }

        return person.Roles.Allow(right)
            ? null
            : Failure.Forbidden($"You need one of these roles: {Rights.Needed(right)}. Ask an administrator.");
    }

    private async Task<Failure> RefusedAsync(Caller caller, Person? person, string action, Failure failure, CommandSubject? subject = null)
    {
        // The refusal is written even when the caller has gone away, in a context without the body's changes.
        await using var db = await databases.CreateDbContextAsync(CancellationToken.None);
        var now = time.GetUtcNow();
        db.AuditEntries.Add(new AuditEntry
        {
            Id = Guid.CreateVersion7(now),
            At = now,
            PersonId = person?.Id,
            PersonName = person?.UserName ?? caller.Name,
            SignedInHow = caller.SignedInHow,
            Action = action,
            SubjectKind = subject?.Kind ?? action.Split('.')[0],
            SubjectId = subject?.Id ?? "",
            SubjectName = subject?.Name ?? "",
            Result = AuditResult.Refused,
            Message = failure.Message,
            CorrelationId = caller.CorrelationId,
        });
        await db.SaveChangesAsync(CancellationToken.None);
        log.CommandRefused(action, caller.Name, failure.Message);
        return failure;
    }
}
