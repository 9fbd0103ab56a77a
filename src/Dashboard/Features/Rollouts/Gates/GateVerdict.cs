using System.Text.Json;
using System.Text.Json.Serialization;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Gates;

/// <summary>What a gate says.</summary>
internal enum GateAnswer
{
    /// <summary>There is no figure that counts: too few requests, nothing measured yet, no number, or too old. Never a pass.</summary>
    Missing,

    /// <summary>The figure is within the limits.</summary>
    Holds,

    /// <summary>The figure is beyond a limit.</summary>
    Fails,
}

/// <summary>What came of one gate at one moment.</summary>
/// <param name="Gate">Its place in <see cref="PlanStrategy.Gates"/>.</param>
/// <param name="Answer">What it says.</param>
/// <param name="Why">In plain words.</param>
/// <param name="Value">The new revision's figure: seconds, or a share from 0 to 1; null without one.</param>
/// <param name="Stable">The stable revision's figure; null without one.</param>
/// <param name="At">When.</param>
internal sealed record GateVerdict(int Gate, GateAnswer Answer, string Why, double? Value, double? Stable, DateTimeOffset At)
{
    private const int LongestWhy = 200;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    /// <summary>Verdicts as a rollout keeps them.</summary>
    public static string? Write(IReadOnlyList<GateVerdict> verdicts) =>
        verdicts.Count == 0 ? null : JsonSerializer.Serialize(verdicts.Select(v => v.Why.Length <= LongestWhy ? v : v with { Why = v.Why[..LongestWhy] }), Json);

    /// <summary>Whether what a rollout keeps says of each of so many gates that it holds.</summary>
    public static bool AllHold(int gates, string? json) => Read(json).Where(v => v.Answer == GateAnswer.Holds).Select(v => v.Gate).Distinct().Count() >= gates;

    /// <summary>Reads what <see cref="Write"/> wrote; nothing from anything else.</summary>
    public static IReadOnlyList<GateVerdict> Read(string? json)
    {
        try
        {
            return json is null ? [] : JsonSerializer.Deserialize<List<GateVerdict>>(json, Json) ?? [];
        }
        catch (JsonException)
        {
            return [];
        }
    }
}
