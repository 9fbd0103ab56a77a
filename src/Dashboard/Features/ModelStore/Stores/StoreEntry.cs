using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Stores;

/// <summary>A store of the registry and what this process made of it.</summary>
/// <param name="Row">The row, as it was when it was read.</param>
/// <param name="Store">What reads and writes it, or null when it could not be made.</param>
/// <param name="Problem">Why it could not be made, for administrators.</param>
internal sealed record StoreEntry(Store Row, IModelStore? Store, string? Problem);
