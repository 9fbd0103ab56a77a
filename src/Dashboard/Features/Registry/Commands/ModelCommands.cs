using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Data;
using Ops.Data.Registry;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Registry.Commands;

/// <summary>What people write about a model.</summary>
/// <param name="Description">Markdown.</param>
/// <param name="Tags">Free labels.</param>
internal sealed record ModelText(string Description, IReadOnlyList<string> Tags);

/// <summary>Describes, archives and restores models.</summary>
internal sealed class ModelCommands(CommandRunner commands)
{
    internal static Failure NoSuchModel { get; } = Failure.NotFound("There is no such model.");

    /// <summary>Changes description and tags.</summary>
    /// <param name="caller">Needs <see cref="Right.ManageModels"/>.</param>
    /// <param name="modelId">The model.</param>
    /// <param name="seen">What the form was filled with: when somebody else has changed it since, nothing is overwritten.</param>
    /// <param name="wanted">What it becomes. Blank tags are dropped.</param>
    /// <param name="cancellation">Gives up before the commit.</param>
    public Task<Result> DescribeAsync(Caller caller, Guid modelId, ModelText seen, ModelText wanted, CancellationToken cancellation = default) =>
        commands.RunAsync(caller, "model.describe", Right.ManageModels, (scope, token) => DescribeAsync(scope, modelId, seen, wanted, token), cancellation);

    /// <summary>Takes a model out of lists and choices. Refused while a rollout of it waits or runs; what serves goes on.</summary>
    /// <returns>The endpoints it still serves.</returns>
    public Task<Result<IReadOnlyList<string>>> ArchiveAsync(Caller caller, Guid modelId, CancellationToken cancellation = default) =>
        commands.RunAsync<IReadOnlyList<string>>(caller, "model.archive", Right.ManageModels, async (scope, token) =>
        {
            if (await FindAsync(scope, modelId, token) is not { } model)
            {
                return NoSuchModel;
            }

            var plans = scope.Db.Plans.Where(p => scope.Db.Versions.Any(v => v.Id == p.VersionId && v.ModelId == modelId));
            if (await UseOfVersions.PendingAsync(scope.Db, plans, model.Name, token) is { } pending)
            {
                return pending;
            }

            var archived = model.Archive(scope.Now);
            if (!archived.Succeeded)
            {
                return archived.Failure;
            }

            var serving = await UseOfVersions.ServingAsync(scope.Db, plans, token);
            scope.Audit("model", model.Id, model.Name, new { Archived = false }, new { Archived = true, StillServes = serving });
            return Result.Of(serving);
        }, cancellation);

    /// <summary>Undoes <see cref="ArchiveAsync"/>.</summary>
    public Task<Result> RestoreAsync(Caller caller, Guid modelId, CancellationToken cancellation = default) =>
        commands.RunAsync(caller, "model.restore", Right.ManageModels, async (scope, token) =>
        {
            if (await FindAsync(scope, modelId, token) is not { } model)
            {
                return NoSuchModel;
            }

            var restored = model.Restore(scope.Now);
            if (restored.Succeeded)
            {
                scope.Audit("model", model.Id, model.Name, new { Archived = true }, new { Archived = false });
            }

            return restored;
        }, cancellation);

    internal static Task<Model?> FindAsync(CommandScope scope, Guid modelId, CancellationToken cancellation) =>
        scope.Db.Models.SingleOrDefaultAsync(m => m.Id == modelId, cancellation);

    private static async Task<Result> DescribeAsync(CommandScope scope, Guid modelId, ModelText seen, ModelText wanted, CancellationToken cancellation)
    {
        List<string> tags = [.. wanted.Tags.Select(t => t.Trim()).Where(t => t.Length > 0)];
        foreach (var (text, field) in tags.Select(t => (t, "tags")).Prepend((wanted.Description, "description")))
        {
            if (TextRules.Check(text, field) is { Succeeded: false } refused)
            {
                return refused;
            }
        }

        if (await FindAsync(scope, modelId, cancellation) is not { } model)
        {
            return NoSuchModel;
        }

        if (model.Description != seen.Description || !model.Tags.SequenceEqual(seen.Tags))
        {
            return Failure.Conflict("Somebody else changed the description or the tags meanwhile. Copy what you wrote, reload the page and put the two together.");
        }

        var before = new { model.Description, model.Tags };
        var described = model.Describe(wanted.Description, tags, scope.Now);
        if (described.Succeeded)
        {
            scope.Audit("model", model.Id, model.Name, before, new { model.Description, model.Tags });
        }

        return described;
    }
}
