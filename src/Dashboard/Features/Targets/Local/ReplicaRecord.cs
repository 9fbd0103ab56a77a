using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>What is written down about a replica before its process starts, and all that a dashboard started later knows of it.</summary>
internal sealed record ReplicaRecord
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>The layout of this record.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>Opaque, also the name of the folder.</summary>
    public required string Id { get; init; }

    /// <summary>The endpoint it belongs to.</summary>
    public required Guid EndpointId { get; init; }

    /// <summary>The endpoint's name.</summary>
    public required string EndpointName { get; init; }

    /// <summary>The endpoint's target.</summary>
    public required Guid TargetId { get; init; }

    /// <summary>The sealed plan it serves.</summary>
    public required Guid PlanId { get; init; }

    /// <summary>The hash that people decided about.</summary>
    public required string PlanHash { get; init; }

    /// <summary>The plan as JSON.</summary>
    public required string SpecJson { get; init; }

    /// <summary>SHA-256 (hex) of <see cref="SpecJson"/>. Not the plan's hash: a newer dashboard may write the same plan with more fields.</summary>
    public required string SpecHash { get; init; }

    /// <summary>When the replica was first wanted.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>False once it is to go; written before its process is told, so that no restart brings it back.</summary>
    public bool Wanted { get; init; } = true;

    /// <summary>How often its process ended and was started again.</summary>
    public int Restarts { get; init; }

    /// <summary>Names the process that was started last, and its run folder; null before the first.</summary>
    public string? Instance { get; init; }

    /// <summary>The plan, read from the JSON.</summary>
    [JsonIgnore]
    public PlanSpec Spec => PlanSpec.Parse(SpecJson);

    /// <summary>The endpoint as drivers know it.</summary>
    [JsonIgnore]
    public EndpointRef Endpoint => new(EndpointId, EndpointName, TargetId);

    /// <summary>Makes the record of a new replica.</summary>
    public static ReplicaRecord Create(EndpointRef endpoint, RevisionSpec revision, DateTimeOffset now)
    {
        var json = revision.Plan.ToCanonicalJson();
        return new()
        {
            Id = RandomNumberGenerator.GetHexString(12, lowercase: true),
            EndpointId = endpoint.Id,
            EndpointName = endpoint.Name,
            TargetId = endpoint.TargetId,
            PlanId = revision.PlanId,
            PlanHash = revision.PlanHash,
            SpecJson = json,
            SpecHash = PlanSpec.HashOf(json),
            CreatedAt = now,
        };
    }

    /// <summary>The bytes that are kept.</summary>
    public byte[] Serialize() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    /// <summary>Reads what <see cref="Serialize"/> wrote; null for anything else.</summary>
    public static ReplicaRecord? Parse(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return JsonSerializer.Deserialize<ReplicaRecord>(bytes, Json) is { Schema: 1 } record && PlanSpec.HashOf(record.SpecJson) == record.SpecHash ? record : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
