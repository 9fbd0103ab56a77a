namespace Ops.Dashboard.Features.ModelStore.S3;

/// <summary>Where objects lie in a bucket.</summary>
internal sealed class S3Keys(string prefix)
{
    /// <summary>What all keys of objects begin with.</summary>
    public string Root { get; } = prefix.Trim('/') + "/objects/";

    /// <summary>The key of an object.</summary>
    /// <exception cref="ArgumentException">Not an object id.</exception>
    public string For(string objectId) => $"{Root}{ObjectIds.Check(objectId)[..2]}/{objectId}";

    /// <summary>The id of the object with a key, or null when the key is none of ours.</summary>
    public string? Read(string? key) => key?.Split('/')[^1] is { } id && ObjectIds.IsValid(id) && For(id) == key ? id : null;
}
