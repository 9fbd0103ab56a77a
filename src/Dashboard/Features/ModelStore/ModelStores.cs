namespace Ops.Dashboard.Features.ModelStore;

/// <summary>The stores of this installation by name.</summary>
internal sealed class ModelStores
{
    private readonly Dictionary<string, IModelStore> byName;

    /// <summary>Takes what was registered; the first one is the default for new uploads.</summary>
    /// <exception cref="InvalidOperationException">There is none, or two carry the same name.</exception>
    public ModelStores(IEnumerable<IModelStore> stores)
    {
        var all = stores.ToList();
        Default = all.FirstOrDefault() ?? throw new InvalidOperationException("No model store is registered.");
        byName = new(StringComparer.Ordinal);
        foreach (var store in all)
        {
            if (!byName.TryAdd(store.Name, store))
            {
                throw new InvalidOperationException($"Two model stores are called '{store.Name}'.");
            }
        }
    }

    /// <summary>Where new uploads go.</summary>
    public IModelStore Default { get; }

    /// <summary>All of them.</summary>
    public IReadOnlyCollection<IModelStore> All => byName.Values;

    /// <summary>The store a version or an upload names.</summary>
    /// <exception cref="InvalidOperationException">It is not configured any more.</exception>
    public IModelStore Get(string name) =>
        byName.TryGetValue(name, out var store) ? store : throw new InvalidOperationException($"The model store '{name}' is not configured.");
}
