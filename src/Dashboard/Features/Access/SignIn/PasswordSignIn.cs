using System.Diagnostics;
using Microsoft.AspNetCore.Identity;
using Ops.Dashboard.Features.Access.Authorization;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Audit;

namespace Ops.Dashboard.Features.Access.SignIn;

/// <summary>Where a try to sign in came from; goes into the audit.</summary>
/// <param name="Address">The remote address.</param>
/// <param name="Browser">The User-Agent header, shortened.</param>
internal sealed record SignInOrigin(string Address, string Browser)
{
    /// <summary>Reads it off a request.</summary>
    public static SignInOrigin Of(HttpContext context) => new(
        context.Connection.RemoteIpAddress?.ToString() ?? "unknown",
        UserNames.AsTyped(context.Request.Headers.UserAgent.ToString()));
}

/// <summary>Checks name and password. Each try leaves one audit entry in the transaction that counts it.</summary>
internal sealed class PasswordSignIn(IServiceScopeFactory scopes, TryLimiter limiter, TimeProvider time, ILogger<PasswordSignIn> log)
{
    private const string Action = "access.sign-in";
    private const int Attempts = 8;

    // One answer for every reason, so that nobody learns which names exist or are locked.
    private static readonly Failure Refused = Failure.Forbidden(
        "Name or password is wrong, or the account is locked for some minutes. After several tries wait a quarter of an hour, or ask an administrator.");

    private static readonly Failure TooMany = Failure.Unavailable("Too many tries. Wait a minute, then try again.");
    private static readonly Person Nobody = Person.Create("nobody", Roles.None, DateTimeOffset.UnixEpoch);
    private static readonly Lazy<string> NobodysHash = new(() => new PasswordHasher<Person>().HashPassword(Nobody, PasswordRules.Generate()));

    /// <summary>The person as a session may be issued, or one generic refusal.</summary>
    public async Task<Result<PersonNow>> TryAsync(string? name, string? password, SignInOrigin origin, CancellationToken cancellation = default)
    {
        var typed = UserNames.AsTyped(name);
        if (!limiter.Allows(origin.Address, typed))
        {
            log.TooManyTries(typed, origin.Address);
            return TooMany;
        }

        if (password is not { Length: > 0 and <= PasswordRules.MaxLength })
        {
            password = "";
        }

        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            await using var scope = scopes.CreateAsyncScope();
            var check = new Check(
                scope.ServiceProvider.GetRequiredService<UserManager<Person>>(), scope.ServiceProvider.GetRequiredService<RegistryDb>(), typed, origin, time);
            if (await check.RunAsync(password, cancellation) is { } answer)
            {
                return answer;
            }
        }

        // Tries that came at the same moment pushed each other out; refusing is the safe side.
        return TooMany;
    }

    private sealed class Check(UserManager<Person> users, RegistryDb db, string typed, SignInOrigin origin, TimeProvider time)
    {
        private readonly string correlation = Activity.Current?.TraceId.ToString() ?? Guid.NewGuid().ToString("N");

        /// <summary>The answer, or null when another try at the same moment has to be counted first.</summary>
        public async Task<Result<PersonNow>?> RunAsync(string password, CancellationToken cancellation)
        {
            var person = await users.FindByNameAsync(typed);
            if (person is null)
            {
                // Takes as long as a wrong password does.
                users.PasswordHasher.VerifyHashedPassword(Nobody, NobodysHash.Value, password);
                return await RefuseAsync(null, "There is no such account.", cancellation);
            }

            var matches = await users.CheckPasswordAsync(person, password);
            if (await users.IsLockedOutAsync(person))
            {
                return await RefuseAsync(person, "The account is locked after too many wrong passwords.", cancellation);
            }

            if (!matches)
            {
                return await CountAsync(person);
            }

            if (!person.IsEnabled)
            {
                return await RefuseAsync(person, "The account is disabled.", cancellation);
            }

            Add(person, AuditResult.Done, null);
            if (!(await users.ResetAccessFailedCountAsync(person)).Succeeded)
            {
                return null;
            }

            await db.SaveChangesAsync(cancellation);
            return PersonNow.Of(person);
        }

        private async Task<Result<PersonNow>?> CountAsync(Person person)
        {
            var locks = person.AccessFailedCount + 1 >= users.Options.Lockout.MaxFailedAccessAttempts;
            Add(person, AuditResult.Refused, locks ? $"The password was wrong; the account is locked for {users.Options.Lockout.DefaultLockoutTimeSpan.TotalMinutes:0} minutes." : "The password was wrong.");

            // Saves the entry and the count together, or neither when the row changed meanwhile.
            return (await users.AccessFailedAsync(person)).Succeeded ? new Result<PersonNow>?(Refused) : null;
        }

        private async Task<Result<PersonNow>?> RefuseAsync(Person? person, string message, CancellationToken cancellation)
        {
            Add(person, AuditResult.Refused, message);
            await db.SaveChangesAsync(cancellation);
            return Refused;
        }

        // Whoever failed to sign in is a stranger; only the subject says whose account it was about.
        private void Add(Person? person, AuditResult result, string? message)
        {
            var now = time.GetUtcNow();
            db.AuditEntries.Add(new()
            {
                Id = Guid.CreateVersion7(now),
                At = now,
                PersonId = result == AuditResult.Done ? person?.Id : null,
                PersonName = result == AuditResult.Done ? person?.UserName ?? typed : typed,
                SignedInHow = result == AuditResult.Done ? Sessions.SessionPrincipal.Password : "none",
                Action = Action,
                SubjectKind = "person",
                SubjectId = person?.Id.ToString() ?? "",
                SubjectName = person?.UserName ?? typed,
                AfterJson = System.Text.Json.JsonSerializer.Serialize(origin, System.Text.Json.JsonSerializerOptions.Web),
                Result = result,
                Message = message,
                CorrelationId = correlation,
            });
        }
    }
}
