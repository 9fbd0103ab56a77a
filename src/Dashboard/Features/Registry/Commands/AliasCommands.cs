using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Data;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.Registry.Commands;

/// <summary>Where an alias was and where it is.</summary>
/// <param name="From">The version it was on, or null when it is new.</param>
/// <param name="To">The version it is on, or null when it is gone.</param>
internal sealed record AliasMoved(int? From, int? To);

/// <summary>Makes, moves and removes aliases.</summary>
internal sealed class AliasCommands(CommandRunner commands)
{
    private const int MaxAliases = 20;

    /// <summary>Puts an alias on a version, wherever in the model it was before.</summary>
    /// <param name="caller">Needs <see cref="Right.ManageModels"/>.</param>
    /// <param name="modelId">The model.</param>
    /// <param name="alias">An RFC 1123 label that is no number.</param>
    /// <param name="version">The number of a version that can be rolled out.</param>
    /// <param name="cancellation">Gives up before the commit.</param>
    public Task<Result<AliasMoved>> MoveAsync(Caller caller, Guid modelId, string alias, int version, CancellationToken cancellation = default) =>
        commands.RunAsync<AliasMoved>(caller, "alias.move", Right.ManageModels, (scope, token) => MoveAsync(scope, modelId, alias, version, token), cancellation);

    /// <summary>Takes an alias away.</summary>
    /// <returns>The version it was on.</returns>
    public Task<Result<AliasMoved>> RemoveAsync(Caller caller, Guid modelId, string alias, CancellationToken cancellation = default) =>
        commands.RunAsync<AliasMoved>(caller, "alias.remove", Right.ManageModels, async (scope, token) =>
        {
            if (await ModelCommands.FindAsync(scope, modelId, token) is not { } model)
            {
                return ModelCommands.NoSuchModel;
            }

            if (await scope.Db.Aliases.SingleOrDefaultAsync(a => a.ModelId == modelId && a.Name == alias, token) is not { } row)
            {
                return Failure.NotFound($"{model.Name} has no alias of that name.");
            }

            var from = await NumberAsync(scope, row.VersionId, token);
            scope.Db.Aliases.Remove(row);
            model.Touch(scope.Now);
            scope.Audit("alias", $"{model.Id}/{alias}", $"{model.Name}:{alias}", new { Version = from }, new { Version = (int?)null });
            return new AliasMoved(from, null);
        }, cancellation);

    private static async Task<Result<AliasMoved>> MoveAsync(CommandScope scope, Guid modelId, string alias, int number, CancellationToken cancellation)
    {
        if (CheckName(alias) is { Succeeded: false } name)
        {
            return name.Failure;
        }

        if (await ModelCommands.FindAsync(scope, modelId, cancellation) is not { } model)
        {
            return ModelCommands.NoSuchModel;
        }

        if (model.ArchivedAt is not null)
        {
            return Failure.Conflict($"{model.Name} is archived. Restore it first.");
        }

        var version = await scope.Db.Versions.Where(v => v.ModelId == modelId && v.Number == number).Select(v => new { v.Id, v.State }).SingleOrDefaultAsync(cancellation);
        if (version is null)
        {
            return Failure.NotFound($"{model.Name} has no version {number}.");
        }

        if (version.State != VersionState.Ready)
        {
            return Failure.Conflict($"Version {number} is {version.State.ToString().ToLowerInvariant()} and cannot be rolled out, so no alias may point to it.");
        }

        var row = await scope.Db.Aliases.SingleOrDefaultAsync(a => a.ModelId == modelId && a.Name == alias, cancellation);
        if (row?.VersionId == version.Id)
        {
            return Failure.Conflict($"{alias} is on version {number} already.");
        }

        int? from = null;
        if (row is not null)
        {
            from = await NumberAsync(scope, row.VersionId, cancellation);
            row.VersionId = version.Id;
            row.MovedAt = scope.Now;
            row.MovedByName = scope.Person.UserName ?? "";
        }
        else if (await scope.Db.Aliases.CountAsync(a => a.ModelId == modelId, cancellation) >= MaxAliases)
        {
            return Failure.Conflict($"A model has at most {MaxAliases} aliases. Remove one first.");
        }
        else
        {
            scope.Db.Aliases.Add(new() { ModelId = modelId, Name = alias, VersionId = version.Id, MovedAt = scope.Now, MovedByName = scope.Person.UserName ?? "" });
        }

        model.Touch(scope.Now);
        scope.Audit("alias", $"{model.Id}/{alias}", $"{model.Name}:{alias}", from is null ? null : new { Version = from }, new { Version = number });
        return new AliasMoved(from, number);
    }

    private static Result CheckName(string alias)
    {
        var check = Names.Check(alias, "alias");
        if (!check.Succeeded)
        {
            return check;
        }

        return alias.All(char.IsAsciiDigit) ? Failure.Invalid("An alias of digits alone would look like a version number.", "alias") : Result.Done;
    }

    private static Task<int> NumberAsync(CommandScope scope, Guid versionId, CancellationToken cancellation) =>
        scope.Db.Versions.Where(v => v.Id == versionId).Select(v => v.Number).SingleAsync(cancellation);
}
