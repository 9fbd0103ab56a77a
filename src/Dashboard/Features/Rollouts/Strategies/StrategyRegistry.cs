namespace Ops.Dashboard.Features.Rollouts.Strategies;

/// <summary>The strategies by name.</summary>
internal sealed class StrategyRegistry
{
    private readonly Dictionary<string, IStrategy> byName = new(StringComparer.Ordinal);

    /// <param name="strategies">All of them.</param>
    /// <exception cref="InvalidOperationException">Two have the same name.</exception>
    public StrategyRegistry(IEnumerable<IStrategy> strategies)
    {
        foreach (var strategy in strategies)
        {
            if (!byName.TryAdd(strategy.Name, strategy))
            {
                throw new InvalidOperationException($"There are two strategies named '{strategy.Name}'.");
            }
        }
    }

    /// <summary>All of them, by name.</summary>
    public IReadOnlyList<IStrategy> All => [.. byName.Values.OrderBy(s => s.Name, StringComparer.Ordinal)];

    /// <summary>The strategy of that name, or null.</summary>
    public IStrategy? Find(string name) => byName.GetValueOrDefault(name);
}
