using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore;

/// <summary>A kind of store that can be set up, such as <c>s3</c>. One of each is registered.</summary>
internal interface IModelStoreKind
{
    /// <summary>The name of the kind: <c>filesystem</c>, <c>s3</c>, <c>git</c>.</summary>
    string Kind { get; }

    /// <summary>The names of the secrets that it understands, such as <c>secretKey</c>. Settings hold none.</summary>
    IReadOnlyList<string> SecretNames { get; }

    /// <summary>Makes a store of this kind. Nothing is asked of the network; <see cref="IModelStore.CheckAsync"/> does that.</summary>
    /// <param name="name">The store's unique name.</param>
    /// <param name="settingsJson">Its settings as a JSON object in camel case.</param>
    /// <param name="secrets">Its secrets by their names; one that is missing or empty is not set.</param>
    /// <returns>The store, or what is wrong with the settings, with the name of the setting as the field. Dispose it when it is <see cref="IDisposable"/>.</returns>
    Result<IModelStore> Create(string name, string settingsJson, IReadOnlyDictionary<string, string> secrets);
}
