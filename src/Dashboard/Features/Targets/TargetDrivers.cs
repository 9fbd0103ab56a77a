using Ops.Data;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Targets;

/// <summary>The drivers by the kind of target they drive.</summary>
internal sealed class TargetDrivers
{
    private readonly Dictionary<string, ITargetDriver> byKind = new(StringComparer.Ordinal);

    /// <param name="drivers">All of them.</param>
    /// <exception cref="InvalidOperationException">Two drive the same kind.</exception>
    public TargetDrivers(IEnumerable<ITargetDriver> drivers)
    {
        foreach (var driver in drivers)
        {
            if (!byKind.TryAdd(driver.Kind, driver))
            {
                throw new InvalidOperationException($"There are two drivers of '{driver.Kind}' targets.");
            }
        }
    }

    /// <summary>The driver of a kind, or null when this program has none of it.</summary>
    public ITargetDriver? Find(string kind) => byKind.GetValueOrDefault(kind);

    /// <summary>The driver of a target, or null when this program has none of its kind.</summary>
    public ITargetDriver? Find(Target target) => byKind.GetValueOrDefault(target.Kind);

    /// <summary>Checks whether a plan that was sealed before may begin on what its target says now.</summary>
    public async Task<Result> CheckSealedAsync(Target target, Plan plan, CancellationToken cancellation) =>
        Find(target) is IPlanFiller filler ? await filler.CheckSealedAsync(target, plan, cancellation) : Result.Done;
}
