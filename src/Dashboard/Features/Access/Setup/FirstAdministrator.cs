using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Access.Authorization;
using Ops.Dashboard.Features.Access.Sessions;
using Ops.Dashboard.Features.Access.SignIn;
using Ops.Data;
using Ops.Data.Access;

namespace Ops.Dashboard.Features.Access.Setup;

/// <summary>The one-time link by which a new installation gets its first administrator. The registry keeps only the hash of its secret.</summary>
internal sealed class FirstAdministrator(
    IDbContextFactory<RegistryDb> databases, CommandRunner commands, IPasswordHasher<Person> hasher, ILookupNormalizer normalizer, TryLimiter limiter, ILogger<FirstAdministrator> log)
{
    /// <summary>What the first administrator may be, so that one person can look around; more people come under Settings.</summary>
    public const Roles FirstRoles = Roles.Administrator | Roles.Operator | Roles.OnCall;

    private const int SecretBytes = 32;
    private static readonly Failure BadLink = Failure.Forbidden("This setup link is not valid. Start the dashboard again: it prints a new one.");

    /// <summary>Makes a new link and ends older ones. Null when the installation is set up.</summary>
    /// <returns>The path and query of the link.</returns>
    public async Task<string?> IssueLinkAsync(CancellationToken cancellation = default)
    {
        var secret = RandomNumberGenerator.GetBytes(SecretBytes);
        var result = await commands.RunAsSystemAsync(
            "access.issue-setup-link",
            async (scope, token) =>
            {
                var installation = await scope.Db.Installations.SingleAsync(token);
                var issued = installation.IssueSetupSecret(Hash(secret));
                scope.Audit("installation", installation.InstallationId, "this installation");
                return issued;
            },
            cancellation);
        return result.Succeeded ? $"/setup?token={Base64Url.EncodeToString(secret)}" : null;
    }

    /// <summary>Whether the link would be taken, so that the page can say so before anybody fills it in.</summary>
    public async Task<Result> CheckLinkAsync(string? token, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return Check(await db.Installations.AsNoTracking().SingleAsync(cancellation), token);
    }

    /// <summary>Uses the link up and makes the account. Of two people at the same moment, one wins.</summary>
    public async Task<Result<PersonNow>> CreateAsync(string? token, string? userName, string? password, SignInOrigin origin, CancellationToken cancellation = default)
    {
        if (!limiter.Allows(origin.Address, "setup"))
        {
            return Failure.Unavailable("Too many tries. Wait a minute, then try again.");
        }

        userName = userName?.Trim().ToLowerInvariant();
        PersonNow? created = null;
        var caller = new Caller(null, UserNames.AsTyped(userName), SessionPrincipal.SetupLink, "", Guid.NewGuid().ToString("N"));
        var result = await commands.RunUncheckedAsync(
            caller,
            "access.set-up",
            async (scope, cancelled) =>
            {
                var installation = await scope.Db.Installations.SingleAsync(cancelled);
                foreach (var check in new[] { Check(installation, token), UserNames.Check(userName), PasswordRules.Check(password, userName!) })
                {
                    if (!check.Succeeded)
                    {
                        return check;
                    }
                }

                var normalized = normalizer.NormalizeName(userName);
                if (await scope.Db.Users.AnyAsync(p => p.NormalizedUserName == normalized, cancelled))
                {
                    return Failure.Conflict("This name is taken. Choose another one.");
                }

                var person = Person.Create(userName!, FirstRoles, scope.Now);
                person.NormalizedUserName = normalized;
                person.PasswordHash = hasher.HashPassword(person, password!);
                scope.Db.Users.Add(person);
                scope.Audit("person", person.Id, userName!, after: new { person.Roles, origin.Address });
                created = PersonNow.Of(person);
                return installation.CompleteSetup(scope.Now);
            },
            cancellation);
        if (!result.Succeeded)
        {
            return result.Failure;
        }

        log.SetUp(userName!);
        return created!;
    }

    private static Result Check(Installation installation, string? token)
    {
        if (installation.IsSetUp)
        {
            return Failure.Conflict("This installation is set up already. Sign in instead.");
        }

        Span<byte> secret = stackalloc byte[SecretBytes];
        return installation.SetupSecretHash is { } hash
            && token is { Length: <= 64 }
            && Base64Url.IsValid(token)
            && Base64Url.TryDecodeFromChars(token, secret, out var length)
            && length == SecretBytes
            && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Hash(secret)), Encoding.ASCII.GetBytes(hash))
                ? Result.Done
                : BadLink;
    }

    private static string Hash(ReadOnlySpan<byte> secret) => Convert.ToHexStringLower(SHA256.HashData(secret));
}
