namespace Ops.Data.Registry;

/// <summary>A movable name for one version of a model, such as <c>champion</c>.</summary>
public sealed class ModelAlias
{
    /// <summary>The model.</summary>
    public Guid ModelId { get; init; }

    /// <summary>The alias, an RFC 1123 label, unique in the model.</summary>
    public required string Name { get; init; }

    /// <summary>The version it points to now.</summary>
    public Guid VersionId { get; set; }

    /// <summary>When it was last moved.</summary>
    public DateTimeOffset MovedAt { get; set; }

    /// <summary>Who moved it.</summary>
    public required string MovedByName { get; set; }
}
