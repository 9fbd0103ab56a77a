using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Data;
using Ops.Data.ModelStore;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Stores;

/// <summary>Says which store new versions go to, and takes stores out of use.</summary>
internal sealed class StoreUseCommands(CommandRunner commands, ModelStores stores)
{
    private const int Named = 5;

    /// <summary>Makes a store the default of a scope.</summary>
    public Task<Result> SetDefaultAsync(Caller caller, Guid storeId, StoreDefaultScope scopeOfDefault, CancellationToken cancellation = default) =>
        RunAsync(caller, "store.set-default", async (scope, token) =>
        {
            if (!Enum.IsDefined(scopeOfDefault))
            {
                return Failure.Invalid("Choose an environment.", "scope");
            }

            if (await FindAsync(scope, storeId, token) is not { } store)
            {
                return NoSuchStore;
            }

            if (store.RetiredAt is not null)
            {
                return Failure.Conflict($"{store.Name} is retired. Take it back first.");
            }

            var current = await scope.Db.StoreDefaults.SingleOrDefaultAsync(d => d.Scope == scopeOfDefault, token);
            if (current?.StoreId == storeId)
            {
                return Failure.Conflict($"{store.Name} is the default {StoreWords.For(scopeOfDefault)} already.");
            }

            var before = current is null ? null : await scope.Db.Stores.Where(s => s.Id == current.StoreId).Select(s => s.Name).SingleAsync(token);
            if (current is null)
            {
                scope.Db.StoreDefaults.Add(StoreDefault.Of(scopeOfDefault, storeId));
            }
            else
            {
                current.MoveTo(storeId);
            }

            scope.Audit("store", store.Id, store.Name, new { Scope = scopeOfDefault, Default = before }, new { Scope = scopeOfDefault, Default = store.Name });
            return Result.Done;
        }, cancellation);

    /// <summary>Takes the default of one environment away; what is not said of it goes for everything.</summary>
    public Task<Result> ClearDefaultAsync(Caller caller, StoreDefaultScope scopeOfDefault, CancellationToken cancellation = default) =>
        RunAsync(caller, "store.clear-default", async (scope, token) =>
        {
            if (scopeOfDefault == StoreDefaultScope.Everything)
            {
                return Failure.Conflict("There is always one default. Make another store the default instead.");
            }

            if (await scope.Db.StoreDefaults.SingleOrDefaultAsync(d => d.Scope == scopeOfDefault, token) is not { } current)
            {
                return Failure.Conflict($"There is no default {StoreWords.For(scopeOfDefault)}.");
            }

            var store = await scope.Db.Stores.SingleAsync(s => s.Id == current.StoreId, token);
            scope.Db.StoreDefaults.Remove(current);
            scope.Audit("store", store.Id, store.Name, new { Scope = scopeOfDefault, Default = store.Name }, new { Scope = scopeOfDefault, Default = (string?)null });
            return Result.Done;
        }, cancellation);

    /// <summary>Takes a store out of use. Refused while versions or unfinished uploads are in it, or while it is a default.</summary>
    public Task<Result> RetireAsync(Caller caller, Guid storeId, int revision, string? reason, CancellationToken cancellation = default) =>
        RunAsync(caller, "store.retire", async (scope, token) =>
        {
            if (await FindAsync(scope, storeId, token) is not { } store)
            {
                return NoSuchStore;
            }

            if (store.Revision != revision)
            {
                return Changed;
            }

            var defaults = await scope.Db.StoreDefaults.Where(d => d.StoreId == storeId).Select(d => d.Scope).ToListAsync(token);
            if (defaults.Count > 0)
            {
                return Failure.Conflict($"{store.Name} is the default {string.Join(" and ", defaults.Order().Select(StoreWords.For))}. Make another store the default first.");
            }

            if (await UsersAsync(scope, store.Name, token) is { } users)
            {
                return Failure.Conflict($"{store.Name} still holds {users}.");
            }

            var retired = store.Retire(scope.Person.UserName ?? "", scope.Now);
            scope.Audit("store", store.Id, store.Name, new { Retired = false }, new { Retired = true }, reason);
            return retired;
        }, cancellation);

    /// <summary>Takes a retired store back into use.</summary>
    public Task<Result> RestoreAsync(Caller caller, Guid storeId, int revision, CancellationToken cancellation = default) =>
        RunAsync(caller, "store.restore", async (scope, token) =>
        {
            if (await FindAsync(scope, storeId, token) is not { } store)
            {
                return NoSuchStore;
            }

            if (store.Revision != revision)
            {
                return Changed;
            }

            var restored = store.Restore(scope.Person.UserName ?? "", scope.Now);
            scope.Audit("store", store.Id, store.Name, new { Retired = true }, new { Retired = false });
            return restored;
        }, cancellation);

    private static Failure NoSuchStore { get; } = Failure.NotFound("There is no such store.");

    private static Failure Changed { get; } = Failure.Conflict("Somebody else changed this store meanwhile. Look at it again.");

    private static async Task<Store?> FindAsync(CommandScope scope, Guid storeId, CancellationToken cancellation)
    {
        var store = await scope.Db.Stores.SingleOrDefaultAsync(s => s.Id == storeId, cancellation);
        if (store is not null)
        {
            scope.About("store", store.Id, store.Name);
        }

        return store;
    }

    private static async Task<string?> UsersAsync(CommandScope scope, string store, CancellationToken cancellation)
    {
        var versions = scope.Db.Versions.Where(v => v.Store == store);
        var uploads = scope.Db.Uploads.Where(u => u.Store == store && (u.State == UploadState.Open || u.State == UploadState.Verifying));
        var names = await versions.OrderByDescending(v => v.Id).Take(Named)
            .Join(scope.Db.Models, v => v.ModelId, m => m.Id, (v, m) => m.Name + " " + v.Number).ToListAsync(cancellation);
        var people = await uploads.OrderBy(u => u.CreatedAt).Take(Named).Select(u => u.ModelName + " by " + u.PersonName).ToListAsync(cancellation);
        List<string> users = [];
        if (names.Count > 0)
        {
            users.Add($"versions ({StoreWords.List(names, await versions.CountAsync(cancellation))})");
        }

        if (people.Count > 0)
        {
            users.Add($"unfinished uploads ({StoreWords.List(people, await uploads.CountAsync(cancellation))})");
        }

        var imports = scope.Db.Transfers.Where(t => t.Store == store && (t.State == TransferState.Queued || t.State == TransferState.Running));
        var sources = await imports.OrderBy(t => t.Id).Take(Named).Select(t => t.ModelName + " by " + t.PersonName).ToListAsync(cancellation);
        if (sources.Count > 0)
        {
            users.Add($"imports under way ({StoreWords.List(sources, await imports.CountAsync(cancellation))})");
        }

        // One that moves away is still among its versions.
        var moves = await scope.Db.VersionMoves.CountAsync(m => m.ToStore == store && (m.State == VersionMoveState.Copying || m.State == VersionMoveState.Cleaning), cancellation);
        if (moves > 0)
        {
            users.Add(moves == 1 ? "a version that is being moved there" : $"{moves} versions that are being moved there");
        }

        return users.Count == 0 ? null : string.Join(" and ", users);
    }

    private async Task<Result> RunAsync(Caller caller, string action, Func<CommandScope, CancellationToken, Task<Result>> body, CancellationToken cancellation)
    {
        var result = await commands.RunAsync(caller, action, Right.ManageTargets, body, cancellation);
        if (result.Succeeded)
        {
            await stores.RefreshAsync(CancellationToken.None);
        }

        return result;
    }
}

/// <summary>Words about stores that more than one place says.</summary>
internal static class StoreWords
{
    /// <summary>For what a default is: <c>for everything else</c>, <c>for dev</c>.</summary>
    public static string For(StoreDefaultScope scope) => scope == StoreDefaultScope.Everything ? "for everything" : $"for {scope.ToString().ToLowerInvariant()}";

    /// <summary>The badge of a default.</summary>
    public static string Badge(StoreDefaultScope scope) => scope == StoreDefaultScope.Everything ? "Default" : $"Default {For(scope)}";

    /// <summary>The first names, and how many more there are.</summary>
    public static string List(IReadOnlyList<string> names, int count) => count > names.Count ? $"{string.Join(", ", names)} and {count - names.Count} more" : string.Join(", ", names);
}
