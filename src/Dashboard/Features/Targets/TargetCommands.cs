using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Data;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Targets;

/// <summary>What people change about targets.</summary>
internal sealed class TargetCommands(CommandRunner runner, TargetsFeed feed)
{
    /// <summary>Moves a target to another environment, and so under another approval policy. Plans made before keep the environment they were sealed for.</summary>
    public Task<Result> SetEnvironmentAsync(Caller caller, Guid targetId, TargetEnvironment environment, string? reason, CancellationToken cancellation = default) =>
        runner.RunAsync(
            caller,
            "target.set-environment",
            Right.ManageTargets,
            async (scope, token) =>
            {
                if (!Enum.IsDefined(environment))
                {
                    return Failure.Invalid("Choose dev, staging or production.", "environment");
                }

                var target = await scope.Db.Targets.SingleOrDefaultAsync(t => t.Id == targetId, token);
                if (target is null)
                {
                    return Failure.NotFound("There is no such target.");
                }

                if (target.Environment == environment)
                {
                    return Failure.Conflict($"{target.Name} is in {environment.Word()} already.");
                }

                var before = target.Environment;
                target.SetEnvironment(environment);
                scope.Audit("target", target.Id, target.Name, new { Environment = before }, new { Environment = environment }, reason);
                scope.AfterCommit(feed.Refresh);
                return Result.Done;
            },
            cancellation);
}

/// <summary>Environments as people read them and as they stand in addresses.</summary>
internal static class EnvironmentWords
{
    /// <summary><c>dev</c>, <c>staging</c> or <c>production</c>.</summary>
    public static string Word(this TargetEnvironment environment) => environment.ToString().ToLowerInvariant();
}
