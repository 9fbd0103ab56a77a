using System.Collections.Concurrent;

namespace Ops.Dashboard.Features.ModelStore.Stores;

/// <summary>Whether stores answer, as this process sees it.</summary>
internal sealed class StoreStates(TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, StoreState> states = new();

    /// <summary>Raised, on no particular thread, when a state has changed.</summary>
    public event Action? Changed;

    /// <summary>What is known of a store.</summary>
    public StoreState? Find(Guid storeId) => states.GetValueOrDefault(storeId);

    /// <summary>Says what was seen now.</summary>
    /// <param name="storeId">The store.</param>
    /// <param name="problem">What is wrong in words, or null when it answers.</param>
    /// <returns>Whether that is news.</returns>
    public bool Report(Guid storeId, string? problem)
    {
        var now = time.GetUtcNow();
        var before = states.GetValueOrDefault(storeId);
        var isNew = before is null || (before.Problem is null) != (problem is null);
        states[storeId] = new(problem, isNew ? now : before!.Since, now);
        if (isNew || before!.Problem != problem)
        {
            Changed?.Invoke();
        }

        return isNew && (before is not null || problem is not null);
    }

    /// <summary>Forgets a store that is not looked at any more.</summary>
    public void Forget(Guid storeId) => states.TryRemove(storeId, out _);
}

/// <summary>Whether a store answers.</summary>
/// <param name="Problem">What is wrong, or null when it answers.</param>
/// <param name="Since">Since when it is so.</param>
/// <param name="SeenAt">When it was last asked.</param>
public sealed record StoreState(string? Problem, DateTimeOffset Since, DateTimeOffset SeenAt);
