using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Dashboard.Features.Serving;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Commands;

/// <summary>A token at the one moment its secret is known.</summary>
internal sealed record CreatedToken(Guid Id, string Name, string Secret);

/// <summary>Tokens of endpoints, and the end of endpoints. All need <see cref="Right.ManageEndpoints"/>.</summary>
internal sealed class EndpointCommands(CommandRunner commands, ReconcileQueue queue, EndpointTokens cache)
{
    private const int MostTokens = 50;

    /// <summary>Makes a token with which clients call the endpoint.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="name">What it is for, 1 to 63 characters, unique among those of the endpoint that still work.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The secret, which cannot be read again.</returns>
    public Task<Result<CreatedToken>> CreateTokenAsync(Caller caller, Guid endpointId, string name, CancellationToken cancellation = default) =>
        commands.RunAsync<CreatedToken>(caller, "endpoint.token.create", Right.ManageEndpoints, (scope, token) => CreateTokenAsync(scope, endpointId, name.Trim(), token), cancellation);

    /// <summary>Makes a token stop working.</summary>
    public Task<Result> RevokeTokenAsync(Caller caller, Guid tokenId, string reason = "", CancellationToken cancellation = default) =>
        commands.RunAsync(caller, "endpoint.token.revoke", Right.ManageEndpoints, (scope, token) => RevokeTokenAsync(scope, tokenId, reason, token), cancellation);

    /// <summary>Stops an endpoint for good: its replicas are taken down, requests that wait are ended, its tokens stop working, its name stays taken.</summary>
    public Task<Result> RetireAsync(Caller caller, Guid endpointId, string reason = "", CancellationToken cancellation = default) =>
        commands.RunAsync(caller, "endpoint.retire", Right.ManageEndpoints, (scope, token) => RetireAsync(scope, endpointId, reason, token), cancellation);

    private async Task<Result<CreatedToken>> CreateTokenAsync(CommandScope scope, Guid endpointId, string name, CancellationToken cancellation)
    {
        if (name.Length is 0 or > Names.MaxLength || name.Any(char.IsControl))
        {
            return Failure.Invalid($"Say what it is for, in 1 to {Names.MaxLength} characters.", "name");
        }

        var endpoint = await scope.Db.Endpoints.SingleOrDefaultAsync(e => e.Id == endpointId, cancellation);
        if (endpoint is null)
        {
            return Failure.NotFound("There is no such endpoint.");
        }

        if (endpoint.RetiredAt is not null)
        {
            return Failure.Conflict($"{endpoint.Name} is retired.");
        }

        var names = await scope.Db.EndpointTokens.Where(t => t.EndpointId == endpointId && t.RevokedAt == null).Select(t => t.Name).ToListAsync(cancellation);
        if (names.Count >= MostTokens)
        {
            return Failure.Conflict($"{endpoint.Name} has {MostTokens} tokens that work. Revoke one first.");
        }

        if (names.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            return Failure.Conflict($"There is a token named {name} that works.") with { Field = "name" };
        }

        var secret = EndpointTokenSecret.Create();
        var made = new EndpointToken
        {
            Id = Guid.CreateVersion7(scope.Now),
            EndpointId = endpointId,
            Name = name,
            Hash = EndpointTokens.HashOf(secret),
            Prefix = EndpointTokenSecret.PrefixOf(secret),
            CreatedByName = scope.Person.UserName ?? "",
            CreatedAt = scope.Now,
        };
        scope.Db.EndpointTokens.Add(made);
        History.Add(scope.Db, scope.Now, endpointId, null, RolloutEventKinds.TokenCreated, $"{made.CreatedByName} made the token {name}.", personName: made.CreatedByName);
        scope.Audit("endpoint", endpointId, endpoint.Name, null, new { Token = made.Id, made.Name, made.Prefix });
        Wake(scope, endpointId);
        return new CreatedToken(made.Id, made.Name, secret);
    }

    private async Task<Result> RevokeTokenAsync(CommandScope scope, Guid tokenId, string reason, CancellationToken cancellation)
    {
        if (RolloutOpening.CheckReason(reason) is { Failure: { } wordy })
        {
            return wordy;
        }

        var revoked = await scope.Db.EndpointTokens.SingleOrDefaultAsync(t => t.Id == tokenId, cancellation);
        if (revoked is null)
        {
            return Failure.NotFound("There is no such token.");
        }

        if (revoked.Revoke(scope.Now) is { Failure: { } refused })
        {
            return refused;
        }

        var endpoint = await scope.Db.Endpoints.SingleAsync(e => e.Id == revoked.EndpointId, cancellation);
        var person = scope.Person.UserName;
        History.Add(scope.Db, scope.Now, endpoint.Id, null, RolloutEventKinds.TokenRevoked, $"{person} revoked the token {revoked.Name}{RolloutOpening.Because(reason)}", personName: person);
        scope.Audit("endpoint", endpoint.Id, endpoint.Name, new { Token = revoked.Id, revoked.Name, revoked.Prefix }, new { revoked.RevokedAt }, reason);
        Wake(scope, endpoint.Id);
        return Result.Done;
    }

    private async Task<Result> RetireAsync(CommandScope scope, Guid endpointId, string reason, CancellationToken cancellation)
    {
        if (RolloutOpening.CheckReason(reason) is { Failure: { } wordy })
        {
            return wordy;
        }

        var endpoint = await scope.Db.Endpoints.SingleOrDefaultAsync(e => e.Id == endpointId, cancellation);
        if (endpoint is null)
        {
            return Failure.NotFound("There is no such endpoint.");
        }

        if (endpoint.Retire(scope.Now) is { Failure: { } refused })
        {
            return refused;
        }

        var person = scope.Person.UserName;
        var waiting = await scope.Db.Rollouts.Where(r => r.EndpointId == endpointId && r.State == RolloutState.PendingApproval).ToListAsync(cancellation);
        foreach (var rollout in waiting)
        {
            if (rollout.Abort($"{person} retired the endpoint.", scope.Now) is { Failure: { } stuck })
            {
                return stuck;
            }

            History.Add(scope.Db, scope.Now, rollout, RolloutEventKinds.Aborted, $"{person} retired the endpoint.", personName: person);
        }

        foreach (var open in await scope.Db.EndpointTokens.Where(t => t.EndpointId == endpointId && t.RevokedAt == null).ToListAsync(cancellation))
        {
            open.Revoke(scope.Now);
        }

        History.Add(scope.Db, scope.Now, endpointId, null, RolloutEventKinds.Retired, $"{person} retired the endpoint{RolloutOpening.Because(reason)}", personName: person);
        scope.Audit("endpoint", endpoint.Id, endpoint.Name, new { endpoint.StablePlanId }, new { endpoint.RetiredAt, RequestsEnded = waiting.Count }, reason);
        Wake(scope, endpointId);
        return Result.Done;
    }

    /// <summary>Lets what was changed count at once in this process: for clients and for pages.</summary>
    private void Wake(CommandScope scope, Guid endpointId) => scope.AfterCommit(() =>
    {
        cache.Forget(endpointId);
        queue.Enqueue(endpointId);
    });
}
