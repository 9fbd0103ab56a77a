namespace Ops.Data.Rollouts;

/// <summary>A sealed <see cref="PlanSpec"/>. Rows are never changed.</summary>
public sealed class Plan
{
    private Plan()
    {
    }

    /// <summary>The key.</summary>
    public Guid Id { get; private init; }

    /// <summary>SHA-256 (hex) of <see cref="SpecJson"/>.</summary>
    public string Hash { get; private init; } = "";

    /// <summary>The canonical JSON.</summary>
    public string SpecJson { get; private init; } = "";

    /// <summary>The endpoint it is for.</summary>
    public Guid EndpointId { get; private init; }

    /// <summary>The version it serves.</summary>
    public Guid VersionId { get; private init; }

    /// <summary>Who made it; that person may not approve it.</summary>
    public Guid CreatedById { get; private init; }

    /// <summary>The maker's name at the time.</summary>
    public string CreatedByName { get; private init; } = "";

    /// <summary>When it was sealed.</summary>
    public DateTimeOffset CreatedAt { get; private init; }

    /// <summary>The plan, read from the JSON.</summary>
    public PlanSpec Spec => PlanSpec.Parse(SpecJson);

    /// <summary>Whether the JSON still has the hash that people decided about.</summary>
    public bool IsIntact => PlanSpec.HashOf(SpecJson) == Hash;

    /// <summary>Seals a plan.</summary>
    public static Plan Seal(PlanSpec spec, Guid createdById, string createdByName, DateTimeOffset now)
    {
        var json = spec.ToCanonicalJson();
        return new()
        {
            Id = Guid.CreateVersion7(now),
            Hash = PlanSpec.HashOf(json),
            SpecJson = json,
            EndpointId = spec.EndpointId,
            VersionId = spec.VersionId,
            CreatedById = createdById,
            CreatedByName = createdByName,
            CreatedAt = now,
        };
    }
}
