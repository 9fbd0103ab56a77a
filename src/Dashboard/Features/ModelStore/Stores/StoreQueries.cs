using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.ModelStore.Retention;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Stores;

/// <summary>What the screens show of stores. No secret is in any answer.</summary>
internal sealed class StoreQueries(IDbContextFactory<RegistryDb> databases, ModelStores stores, StoreStates states, StoreForms forms, StoreSecrets secrets)
{
    /// <summary>All stores: those in use first, then retired ones, each in order of name.</summary>
    public async Task<IReadOnlyList<StoreRow>> ListAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var rows = await db.Stores.AsNoTracking().OrderBy(s => s.Name).ToListAsync(cancellation);
        var defaults = await db.StoreDefaults.AsNoTracking().ToListAsync(cancellation);
        var used = await StorageQueries.ByStoreAsync(db, cancellation);
        var entries = stores.Entries.ToDictionary(e => e.Row.Id);
        return
        [
            .. rows.OrderBy(row => row.RetiredAt is not null).Select(row => new StoreRow(
                row.Id,
                row.Name,
                row.Kind,
                forms.TitleOf(row),
                forms.WhereOf(row),
                [.. defaults.Where(d => d.StoreId == row.Id).Select(d => d.Scope).Order()],
                used.TryGetValue(row.Name, out var use) ? new(use.Versions, use.Bytes) : new(0, 0),
                entries.GetValueOrDefault(row.Id)?.Problem is { } problem ? new(problem, states.Find(row.Id)?.Since ?? row.ChangedAt, row.ChangedAt) : states.Find(row.Id),
                row.RetiredAt,
                row.IsBuiltIn,
                row.Revision)),
        ];
    }

    /// <summary>What the form begins with: settings as they are, and of secrets only which are set. Null when there is no such store.</summary>
    public async Task<StoreDetails?> FindAsync(string name, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await db.Stores.AsNoTracking().SingleOrDefaultAsync(s => s.Name == name, cancellation) is not { } row)
        {
            return null;
        }

        var form = forms.Find(row.Kind);
        HashSet<string> set = [];
        try
        {
            set = [.. secrets.Unprotect(row.Id, row.ProtectedSecrets).Keys];
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            // The state of the store says so; here all of them just have to be entered.
        }

        return new(row, form is null ? [] : StoreSettings.Read(form, row.SettingsJson), set);
    }
}

/// <summary>How much a store holds.</summary>
/// <param name="Versions">How many versions.</param>
/// <param name="Bytes">Their bytes.</param>
internal sealed record StoreUse(int Versions, long Bytes);

/// <summary>A store in the list.</summary>
internal sealed record StoreRow(
    Guid Id,
    string Name,
    string Kind,
    string KindTitle,
    string Where,
    IReadOnlyList<StoreDefaultScope> DefaultFor,
    StoreUse Use,
    StoreState? State,
    DateTimeOffset? RetiredAt,
    bool IsBuiltIn,
    int Revision);

/// <summary>A store as its form begins.</summary>
/// <param name="Row">The row; what is encrypted in it never goes to the browser.</param>
/// <param name="Settings">Settings by key.</param>
/// <param name="SecretsSet">Which secrets there are.</param>
public sealed record StoreDetails(Store Row, IReadOnlyDictionary<string, string> Settings, IReadOnlySet<string> SecretsSet);
