using System.Text.Json;

namespace Ops.Data.Rollouts;

/// <summary>A change that somebody made on an endpoint's target past the dashboard, and that a person lets stay until the next rollout.</summary>
public sealed record AcceptedChange
{
    /// <summary>How many an endpoint keeps at most.</summary>
    public const int Most = 200;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>The kind of the object, as its target calls it.</summary>
    public required string Kind { get; init; }

    /// <summary>The object's name.</summary>
    public required string Name { get; init; }

    /// <summary>The field.</summary>
    public required string Path { get; init; }

    /// <summary>SHA-256 (hex) of what the field was changed to: another change of it is not accepted.</summary>
    public required string FoundHash { get; init; }

    /// <summary>What was changed, in a plain sentence.</summary>
    public required string Sentence { get; init; }

    /// <summary>Who accepted it.</summary>
    public required string ByName { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Whether another is about the same field.</summary>
    public bool IsAbout(AcceptedChange other) => other is not null && (Kind, Name, Path) == (other.Kind, other.Name, other.Path);

    /// <summary>Reads what <see cref="Endpoint.AcceptedJson"/> keeps.</summary>
    public static IReadOnlyList<AcceptedChange> Read(string? json) => json is null ? [] : JsonSerializer.Deserialize<List<AcceptedChange>>(json, Json) ?? [];

    internal static string? Write(IReadOnlyCollection<AcceptedChange> changes) => changes.Count == 0 ? null : JsonSerializer.Serialize(changes, Json);
}
