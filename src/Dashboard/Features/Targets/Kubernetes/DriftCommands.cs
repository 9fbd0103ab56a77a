using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Rollouts;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes;

/// <summary>What people decide about changes that somebody made in a cluster past the dashboard. All need <see cref="Right.OperateRollouts"/>.</summary>
internal sealed class DriftCommands(CommandRunner runner, RolloutFeed feed, ReconcileQueue queue)
{
    private const string PutBack = RolloutEventKinds.PutBack;

    /// <summary>What is not as it should be and nobody has decided about, as the dashboard that acts has found it.</summary>
    public IReadOnlyList<OpenChange> Of(Guid endpointId) => OpenChange.Read(feed.Find(endpointId)?.OpenJson);

    /// <summary>Has everything that waits for somebody put back as it was planned. What was accepted before of other fields stays.</summary>
    public Task<Result> PutBackAsync(Caller caller, Guid endpointId, CancellationToken cancellation = default) => RunAsync(
        caller,
        PutBack,
        endpointId,
        (scope, endpoint) =>
        {
            var open = endpoint.Open;
            if (open.Count == 0)
            {
                return Failure.Conflict("Everything is as planned by now.");
            }

            var ended = endpoint.EndAcceptance(a => open.Any(i => (i.Kind, i.Name, i.Path) == (a.Kind, a.Name, a.Path)));
            scope.Audit("endpoint", endpoint.Id, endpoint.Name, new { Changed = open.Select(i => i.Sentence).Concat(ended.Select(a => a.Sentence)) });
            Note(scope, endpoint, RolloutEventKinds.PutBack, "has this put back", open.Select(i => i.Sentence).Concat(ended.Select(a => a.Sentence)));
            endpoint.AskPutBack(Guid.CreateVersion7(scope.Now));
            return Result.Done;
        },
        cancellation);

    /// <summary>Has everything put back that was accepted.</summary>
    public Task<Result> PutBackAcceptedAsync(Caller caller, Guid endpointId, CancellationToken cancellation = default) => RunAsync(
        caller,
        PutBack,
        endpointId,
        (scope, endpoint) =>
        {
            var ended = endpoint.EndAcceptance(_ => true);
            if (ended.Count == 0)
            {
                return Failure.Conflict("Nothing is accepted here any more.");
            }

            scope.Audit("endpoint", endpoint.Id, endpoint.Name, new { Changed = ended.Select(a => a.Sentence) });
            Note(scope, endpoint, RolloutEventKinds.PutBack, "has this put back", ended.Select(a => a.Sentence));
            endpoint.AskPutBack(Guid.CreateVersion7(scope.Now));
            return Result.Done;
        },
        cancellation);

    /// <summary>Leaves what was changed as it is, until the next rollout begins.</summary>
    public Task<Result> AcceptAsync(Caller caller, Guid endpointId, CancellationToken cancellation = default) => RunAsync(
        caller,
        RolloutEventKinds.DriftAccepted,
        endpointId,
        (scope, endpoint) =>
        {
            var accepted = endpoint.Open.Select(i => i.AcceptedBy(scope.Person.UserName!, scope.Now)).ToList();
            if (endpoint.Accept(accepted) is { Failure: { } refused })
            {
                return refused;
            }

            scope.Audit("endpoint", endpoint.Id, endpoint.Name, null, new { Accepted = accepted.Select(a => a.Sentence) });
            Note(scope, endpoint, RolloutEventKinds.DriftAccepted, "accepted this", accepted.Select(a => a.Sentence));
            return Result.Done;
        },
        cancellation);

    private Task<Result> RunAsync(Caller caller, string action, Guid endpointId, Func<CommandScope, Ops.Data.Rollouts.Endpoint, Result> decide, CancellationToken cancellation) => runner.RunAsync(
        caller,
        action,
        Right.OperateRollouts,
        async (scope, token) =>
        {
            var endpoint = await scope.Db.Endpoints.SingleOrDefaultAsync(e => e.Id == endpointId, token);
            if (endpoint is null)
            {
                return Failure.NotFound("There is no such endpoint.");
            }

            scope.About("endpoint", endpoint.Id, endpoint.Name);
            scope.AfterCommit(() => Tell(endpoint));
            return decide(scope, endpoint);
        },
        cancellation);

    // Also what tells the dashboard that acts, when it is another one.
    private static void Note(CommandScope scope, Ops.Data.Rollouts.Endpoint endpoint, string kind, string deed, IEnumerable<string> changes) =>
        History.Add(scope.Db, scope.Now, endpoint.Id, null, kind, $"{scope.Person.UserName} {deed}: {string.Join(' ', changes)}", personName: scope.Person.UserName);

    // Pages here see it at once; whoever acts does so with the next pass, which is here or in another dashboard.
    private void Tell(Ops.Data.Rollouts.Endpoint endpoint)
    {
        if (feed.Find(endpoint.Id) is { } activity)
        {
            feed.Publish(activity with { OpenJson = OpenChange.Write(endpoint.Open) });
        }

        queue.Enqueue(endpoint.Id);
    }
}
