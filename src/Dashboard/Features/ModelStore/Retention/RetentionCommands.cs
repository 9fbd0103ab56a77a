using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Data;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Retention;

/// <summary>Changes rules of retention.</summary>
internal sealed class RetentionCommands(CommandRunner commands)
{
    private const string DefaultName = "all models without a rule of their own";

    /// <summary>Gives a model a rule of its own.</summary>
    /// <param name="caller">Needs <see cref="Right.DeleteVersions"/>.</param>
    /// <param name="modelId">The model.</param>
    /// <param name="limits">The rule; one that is off keeps all versions, whatever the default says.</param>
    /// <param name="cancellation">Gives up before the commit.</param>
    public Task<Result> SaveAsync(Caller caller, Guid modelId, RetentionLimits limits, CancellationToken cancellation = default) =>
        commands.RunAsync(caller, "retention.change", Right.DeleteVersions, async (scope, token) =>
        {
            var name = await NameAsync(scope, modelId, token);
            return name is null ? NoSuchModel : await SaveAsync(scope, modelId, name, limits, token);
        }, cancellation);

    /// <summary>Changes the rule of all models without one of their own.</summary>
    /// <param name="caller">Needs <see cref="Right.ManageTargets"/>.</param>
    /// <param name="limits">The rule.</param>
    /// <param name="cancellation">Gives up before the commit.</param>
    public Task<Result> SaveDefaultAsync(Caller caller, RetentionLimits limits, CancellationToken cancellation = default) =>
        commands.RunAsync(
            caller, "retention.change", Right.ManageTargets, (scope, token) => SaveAsync(scope, RetentionRule.DefaultId, DefaultName, limits, token), cancellation);

    /// <summary>Takes a model's own rule away, so that the default one holds.</summary>
    public Task<Result> RemoveAsync(Caller caller, Guid modelId, CancellationToken cancellation = default) =>
        commands.RunAsync(caller, "retention.change", Right.DeleteVersions, async (scope, token) =>
        {
            if (await NameAsync(scope, modelId, token) is not { } name)
            {
                return NoSuchModel;
            }

            if (await scope.Db.RetentionRules.SingleOrDefaultAsync(r => r.Id == modelId, token) is not { } rule)
            {
                return Failure.Conflict($"{name} has no rule of its own.");
            }

            scope.Db.RetentionRules.Remove(rule);
            scope.Audit("retention", modelId, name, rule.Limits, new { Rule = "default" });
            return Result.Done;
        }, cancellation);

    private static Failure NoSuchModel { get; } = Failure.NotFound("There is no such model.");

    private static async Task<Result> SaveAsync(CommandScope scope, Guid id, string name, RetentionLimits limits, CancellationToken cancellation)
    {
        var rule = await scope.Db.RetentionRules.SingleOrDefaultAsync(r => r.Id == id, cancellation);
        var before = rule?.Limits;
        if (rule is null)
        {
            rule = RetentionRule.For(id);
            scope.Db.RetentionRules.Add(rule);
        }

        var changed = rule.Change(limits, scope.Person.UserName ?? "", scope.Now);
        if (changed.Succeeded)
        {
            scope.Audit("retention", id, name, before, limits);
        }

        return changed;
    }

    private static Task<string?> NameAsync(CommandScope scope, Guid modelId, CancellationToken cancellation) =>
        scope.Db.Models.Where(m => m.Id == modelId).Select(m => m.Name).SingleOrDefaultAsync(cancellation);
}
