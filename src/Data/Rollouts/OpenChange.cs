using System.Text.Json;

namespace Ops.Data.Rollouts;

/// <summary>A change that somebody made on an endpoint's target past the dashboard, and about which nobody has decided.</summary>
public sealed record OpenChange
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>The kind of the object, as its target calls it.</summary>
    public required string Kind { get; init; }

    /// <summary>The object's name.</summary>
    public required string Name { get; init; }

    /// <summary>The field.</summary>
    public required string Path { get; init; }

    /// <summary>SHA-256 (hex) of what the field was changed to.</summary>
    public required string FoundHash { get; init; }

    /// <summary>What was changed, in a plain sentence.</summary>
    public required string Sentence { get; init; }

    /// <summary>This change as somebody accepts it.</summary>
    public AcceptedChange AcceptedBy(string name, DateTimeOffset at) => new() { Kind = Kind, Name = Name, Path = Path, FoundHash = FoundHash, Sentence = Sentence, ByName = name, At = at };

    /// <summary>Whether exactly this was accepted.</summary>
    public bool IsAccepted(AcceptedChange accepted) =>
        accepted is not null && (Kind, Name, Path, FoundHash) == (accepted.Kind, accepted.Name, accepted.Path, accepted.FoundHash);

    /// <summary>Reads what <see cref="Endpoint.OpenJson"/> keeps.</summary>
    public static IReadOnlyList<OpenChange> Read(string? json) => json is null ? [] : JsonSerializer.Deserialize<List<OpenChange>>(json, Json) ?? [];

    /// <summary>Writes it; null for none.</summary>
    public static string? Write(IReadOnlyCollection<OpenChange> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        return changes.Count == 0 ? null : JsonSerializer.Serialize(changes, Json);
    }
}
