using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Stores;

/// <summary>Adds and changes stores. Secrets go in and never come out: neither a result nor the audit has one.</summary>
internal sealed class StoreCommands(CommandRunner commands, IDbContextFactory<RegistryDb> databases, ModelStores stores, StoreForms forms, StoreSecrets secrets, StoreChecker checker)
{
    // The page /settings/stores/new would hide a store of this name.
    private const string PageName = "new";

    /// <summary>Adds a store after trying it.</summary>
    /// <param name="caller">Who; needs <see cref="Right.ManageTargets"/>.</param>
    /// <param name="input">What was entered.</param>
    /// <param name="checks">Whether and how it is tried first.</param>
    /// <param name="cancellation">Gives up before the commit.</param>
    /// <returns>What the checks said, and whether it was saved: a failed check keeps it from that.</returns>
    public async Task<Result<StoreSaved>> AddAsync(Caller caller, StoreInput input, StoreChecks checks, CancellationToken cancellation = default)
    {
        const string action = "store.add";
        var prepared = await PrepareAsync(caller, action, null, input, checks, cancellation);
        if (!prepared.Succeeded)
        {
            return prepared.Failure;
        }

        if (prepared.Value is not { MayBeSaved: true } wanted)
        {
            return new StoreSaved(false, prepared.Value.Checks);
        }

        var saved = await commands.RunAsync(caller, action, Right.ManageTargets, async (scope, token) =>
        {
            scope.About("store", wanted.Id, wanted.Name);
            if (await scope.Db.Stores.AnyAsync(s => s.Name == wanted.Name, token))
            {
                return Failure.Conflict("There is a store of this name. Choose another one.") with { Field = "name" };
            }

            var made = Store.Create(new()
            {
                Id = wanted.Id,
                Name = wanted.Name,
                Kind = wanted.Form.Kind,
                SettingsJson = wanted.SettingsJson,
                ProtectedSecrets = secrets.Protect(wanted.Id, wanted.Secrets),
                ByName = scope.Person.UserName ?? "",
                Now = scope.Now,
            });
            if (!made.Succeeded)
            {
                return made.Failure;
            }

            scope.Db.Stores.Add(made.Value);
            scope.Audit("store", wanted.Id, wanted.Name, after: new { wanted.Form.Kind, Settings = StoreSettings.ForAudit(wanted.Form, wanted.SettingsJson, wanted.Secrets), Checks = wanted.ChecksInWords });
            return Result.Done;
        }, cancellation);
        return await SavedAsync(saved, wanted.Checks);
    }

    /// <summary>Changes how a store is reached, after trying it.</summary>
    /// <param name="caller">Who; needs <see cref="Right.ManageTargets"/>.</param>
    /// <param name="storeId">The store.</param>
    /// <param name="revision">The revision that the person saw; a newer one is a conflict.</param>
    /// <param name="input">What was entered; empty secrets stay.</param>
    /// <param name="checks">Whether and how it is tried first.</param>
    /// <param name="cancellation">Gives up before the commit.</param>
    public async Task<Result<StoreSaved>> ChangeAsync(Caller caller, Guid storeId, int revision, StoreInput input, StoreChecks checks, CancellationToken cancellation = default)
    {
        const string action = "store.change";
        var prepared = await PrepareAsync(caller, action, storeId, input, checks, cancellation);
        if (!prepared.Succeeded)
        {
            return prepared.Failure;
        }

        if (prepared.Value is not { MayBeSaved: true } wanted)
        {
            return new StoreSaved(false, prepared.Value.Checks);
        }

        var saved = await commands.RunAsync(caller, action, Right.ManageTargets, async (scope, token) =>
        {
            var store = await scope.Db.Stores.SingleAsync(s => s.Id == storeId, token);
            scope.About("store", store.Id, store.Name);
            if (store.Revision != revision)
            {
                return Failure.Conflict("Somebody else changed this store meanwhile. Look at it again, then repeat your change.");
            }

            var before = StoreSettings.ForAudit(wanted.Form, store.SettingsJson, wanted.Before);
            var changed = store.Change(wanted.SettingsJson, secrets.Protect(store.Id, wanted.Secrets), scope.Person.UserName ?? "", scope.Now);
            if (changed.Succeeded)
            {
                var after = StoreSettings.ForAudit(wanted.Form, wanted.SettingsJson, wanted.Secrets, wanted.Before);
                scope.Audit("store", store.Id, store.Name, new { Settings = before }, new { Settings = after, Checks = wanted.ChecksInWords });
            }

            return changed;
        }, cancellation);
        return await SavedAsync(saved, wanted.Checks);
    }

    /// <summary>Tries a store as it is saved, without changing anything.</summary>
    public async Task<Result<IReadOnlyList<StoreCheck>>> TestAsync(Caller caller, Guid storeId, StoreChecks checks, CancellationToken cancellation = default)
    {
        var right = await commands.CheckAsync(caller, "store.test", Right.ManageTargets, cancellation);
        if (!right.Succeeded)
        {
            return right.Failure;
        }

        await stores.RefreshAsync(cancellation);
        return stores.Entries.FirstOrDefault(e => e.Row.Id == storeId) switch
        {
            null => Failure.NotFound("There is no such store."),
            { Store: { } store } entry => Result.Of(await checker.RunAsync(store, entry.Row.Name, checks, cancellation)),
            { Problem: var problem } => Result.Of<IReadOnlyList<StoreCheck>>([new("Read the settings", false, problem ?? "")]),
        };
    }

    private async Task<Result<Wanted>> PrepareAsync(Caller caller, string action, Guid? storeId, StoreInput input, StoreChecks checks, CancellationToken cancellation)
    {
        // Before anything is asked of an address that somebody without the right has chosen.
        var right = await commands.CheckAsync(caller, action, Right.ManageTargets, cancellation);
        if (!right.Succeeded)
        {
            return right.Failure;
        }

        var read = await ReadAsync(storeId, input, cancellation);
        if (!read.Succeeded)
        {
            return read.Failure;
        }

        var wanted = read.Value;
        var allowed = await checker.CheckPlaceAsync(wanted.Id, wanted.Form, wanted.SettingsJson, cancellation);
        if (!allowed.Succeeded)
        {
            return allowed.Failure;
        }

        var made = stores.Make(wanted.Form.Kind, wanted.Name, wanted.SettingsJson, wanted.Secrets);
        if (!made.Succeeded)
        {
            return made.Failure.Field is not null || !checks.SaveAnyway ? made.Failure : wanted;
        }

        using var disposed = made.Value as IDisposable;
        return checks.SaveAnyway ? wanted : wanted with { Checks = await checker.RunAsync(made.Value, storeId is null ? null : wanted.Name, checks, cancellation) };
    }

    private async Task<Result<Wanted>> ReadAsync(Guid? storeId, StoreInput input, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var row = storeId is { } id ? await db.Stores.AsNoTracking().SingleOrDefaultAsync(s => s.Id == id, cancellation) : null;
        if (storeId is not null && row is null)
        {
            return Failure.NotFound("There is no such store.");
        }

        if (row is { IsBuiltIn: true })
        {
            return Failure.Conflict("The store of the data folder has nothing to set: it is where Ops:DataPath says.");
        }

        var name = Names.Check(row?.Name ?? input.Name, "name");
        if (!name.Succeeded)
        {
            return name.Failure;
        }

        if (row is null && input.Name == PageName)
        {
            return Failure.Invalid("This name is kept for the page that adds stores. Choose another one.", "name");
        }

        if (row is null && await db.Stores.AnyAsync(s => s.Name == input.Name, cancellation))
        {
            return Failure.Conflict("There is a store of this name. Choose another one.") with { Field = "name" };
        }

        if (forms.Find(row?.Kind ?? input.Kind) is not { } form)
        {
            return Failure.Invalid("This program has no such kind of store.", "kind");
        }

        var settings = StoreSettings.Write(form, input);
        var before = Before(row);
        var merged = StoreSettings.Merge(form, input, before);
        return !settings.Succeeded ? settings.Failure
            : !merged.Succeeded ? merged.Failure
            : new Wanted(row?.Id ?? Guid.NewGuid(), row?.Name ?? input.Name!, form, settings.Value, merged.Value, before, null);
    }

    private IReadOnlyDictionary<string, string> Before(Store? row)
    {
        try
        {
            return row is null ? new Dictionary<string, string>() : secrets.Unprotect(row.Id, row.ProtectedSecrets);
        }
        catch (CryptographicException)
        {
            // What cannot be read any more has to be entered anew.
            return new Dictionary<string, string>();
        }
    }

    private async Task<Result<StoreSaved>> SavedAsync(Result saved, IReadOnlyList<StoreCheck>? checks)
    {
        if (!saved.Succeeded)
        {
            return saved.Failure;
        }

        await stores.RefreshAsync(CancellationToken.None);
        return new StoreSaved(true, checks);
    }

    private sealed record Wanted(
        Guid Id, string Name, StoreForm Form, string SettingsJson, IReadOnlyDictionary<string, string> Secrets, IReadOnlyDictionary<string, string> Before, IReadOnlyList<StoreCheck>? Checks)
    {
        public bool MayBeSaved => Checks?.All(c => c.Passed != false) != false;

        public string ChecksInWords => Checks is null ? "saved in spite of checks that failed" : "passed";
    }
}

/// <summary>What came of saving.</summary>
/// <param name="IsSaved">Whether it is in the registry now.</param>
/// <param name="Checks">What the checks said, or null when none ran.</param>
internal sealed record StoreSaved(bool IsSaved, IReadOnlyList<StoreCheck>? Checks);
