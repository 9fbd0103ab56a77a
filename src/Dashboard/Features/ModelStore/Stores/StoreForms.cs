using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Stores;

/// <summary>The forms by kind. A kind without a form cannot be set up on the screen.</summary>
internal sealed class StoreForms
{
    private readonly Dictionary<string, StoreForm> byKind = new(StringComparer.Ordinal);

    /// <param name="forms">All of them.</param>
    /// <param name="kinds">The kinds that this program can make.</param>
    /// <exception cref="InvalidOperationException">Two are of the same kind.</exception>
    public StoreForms(IEnumerable<StoreForm> forms, IEnumerable<IModelStoreKind> kinds)
    {
        var known = kinds.Select(k => k.Kind).ToHashSet(StringComparer.Ordinal);
        foreach (var form in forms.Where(f => known.Contains(f.Kind)))
        {
            if (!byKind.TryAdd(form.Kind, form))
            {
                throw new InvalidOperationException($"There are two forms for model stores of the kind '{form.Kind}'.");
            }
        }
    }

    /// <summary>What can be added.</summary>
    public IReadOnlyCollection<StoreForm> All => byKind.Values;

    /// <summary>The form of a kind, or null.</summary>
    public StoreForm? Find(string? kind) => kind is null ? null : byKind.GetValueOrDefault(kind);

    /// <summary>What a kind is called.</summary>
    public string TitleOf(Store store) => Find(store.Kind)?.Title ?? store.Kind;

    /// <summary>Where a store keeps its bytes, in words.</summary>
    public string WhereOf(Store store) => store.IsBuiltIn
        ? "The data folder of the dashboard"
        : Find(store.Kind) is { } form ? form.Where(StoreSettings.Read(form, store.SettingsJson)) : "";
}
