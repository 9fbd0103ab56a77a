using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Access.SignIn;
using Ops.Dashboard.Hosting;
using Ops.Data;
using Ops.Data.Access;

namespace Ops.Dashboard.Features.Access.Demo;

/// <summary>Makes the accounts of a demonstration on its first start, then lets the features add their samples.</summary>
internal sealed class DemoAccounts(
    IDbContextFactory<RegistryDb> databases, CommandRunner commands, IPasswordHasher<Person> hasher, ILookupNormalizer normalizer, IEnumerable<IDemoStep> steps,
    IOptions<DemoOptions> options, IServer server, IHostApplicationLifetime lifetime, ILogger<DemoAccounts> log) : IHostedLifecycleService
{
    /// <summary>The account in whose name the samples are made.</summary>
    public const string Operator = "operator";

    private static readonly (string Name, Roles Roles)[] Accounts = [(Operator, Roles.Operator), ("approver", Roles.Approver), ("oncall", Roles.OnCall)];
    private string? printed;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await EnsureAccountsAsync(cancellationToken);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var operatorAccount = await db.Users.AsNoTracking().SingleAsync(p => p.NormalizedUserName == normalizer.NormalizeName(Operator), cancellationToken);
        foreach (var step in steps)
        {
            await step.RunAsync(operatorAccount, cancellationToken);
        }
    }

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        if (addresses.FirstOrDefault(address => !LoopbackOnly.IsLoopback(address)) is { } reachable)
        {
            // An address that only code configures passed the check at the start.
            log.DemoReachable(reachable);
            lifetime.StopApplication();
            return;
        }

        await Console.Out.WriteLineAsync($"""

            Demonstration at {addresses.FirstOrDefault() ?? "this machine"}: sign in as {string.Join(", ", Accounts.Select(account => account.Name))}.
            {PasswordLine}

            """);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private string PasswordLine => (printed, options.Value.Password) switch
    {
        ({ } made, _) => $"Password: {made}",
        (null, not null) => $"The password is the one in {DemoOptions.Section}:{nameof(DemoOptions.Password)}.",
        _ => $"The password is the one that the first start printed; set {DemoOptions.Section}:{nameof(DemoOptions.Password)} to choose another.",
    };

    // All accounts in one transaction, so that the password printed is the password of every one.
    private async Task EnsureAccountsAsync(CancellationToken cancellation)
    {
        await using (var db = await databases.CreateDbContextAsync(cancellation))
        {
            if (await MissingAsync(db, cancellation) is { Count: 0 })
            {
                return;
            }
        }

        var password = options.Value.Password ?? PasswordRules.Generate();
        var result = await commands.RunAsSystemAsync(
            "access.create-demo-accounts",
            async (scope, token) =>
            {
                foreach (var (name, roles, known) in await MissingAsync(scope.Db, token))
                {
                    var person = known ?? scope.Db.Users.Add(Person.Create(name, roles, scope.Now)).Entity;
                    person.NormalizedUserName = normalizer.NormalizeName(name);
                    person.PasswordHash = hasher.HashPassword(person, password);
                    person.EndSessions();
                    scope.Audit("person", person.Id, name, after: new { Name = name, person.Roles });
                }

                return Result.Done;
            },
            cancellation);
        if (!result.Succeeded)
        {
            throw new StartRefusedException($"The accounts of the demonstration could not be made: {result.Failure.Message}");
        }

        printed = options.Value.Password is null ? password : null;
    }

    /// <summary>Accounts that do not exist, or have another password than the configured one.</summary>
    private async Task<IReadOnlyList<(string Name, Roles Roles, Person? Known)>> MissingAsync(RegistryDb db, CancellationToken cancellation)
    {
        var missing = new List<(string, Roles, Person?)>();
        foreach (var (name, roles) in Accounts)
        {
            var normalized = normalizer.NormalizeName(name);
            var known = await db.Users.SingleOrDefaultAsync(p => p.NormalizedUserName == normalized, cancellation);
            if (known is null
                || (options.Value.Password is { } wanted && hasher.VerifyHashedPassword(known, known.PasswordHash ?? "", wanted) == PasswordVerificationResult.Failed))
            {
                missing.Add((name, roles, known));
            }
        }

        return missing;
    }
}
