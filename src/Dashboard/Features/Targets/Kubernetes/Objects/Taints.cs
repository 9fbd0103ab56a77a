using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Objects;

/// <summary>Taints of nodes and what puts up with them, as people write them: <c>key=value:effect</c>. Pure.</summary>
internal static class Taints
{
    private static readonly string[] Effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

    /// <summary>Reads a toleration: without a value it is for any, without an effect for all.</summary>
    /// <param name="text">Such as <c>sku=gpu:NoSchedule</c>.</param>
    /// <param name="field">The field that a failure names.</param>
    public static Result<PlanToleration> Parse(string text, string field)
    {
        var toleration = Split(text);
        return Check(toleration) is { Failure: { } wrong } ? wrong with { Field = field } : toleration;
    }

    /// <summary>Checks a toleration.</summary>
    public static Result Check(PlanToleration toleration)
    {
        const string Field = "target";
        if (toleration.Effect is { } effect && !Effects.Contains(effect, StringComparer.Ordinal))
        {
            return Failure.Invalid($"The effect of a taint is one of {string.Join(", ", Effects)}, as in sku=gpu:NoSchedule.", Field);
        }

        // Kubernetes marks nodes that are cordoned, not ready or short of something with taints of its own: who puts up with those goes where nothing may go.
        return NodeLabels.Check(toleration.Key, toleration.Value ?? "") is { Failure: { } wrong } ? wrong with { Field = Field }
            : NodeLabels.IsReserved(toleration.Key) ? Failure.Invalid($"{toleration.Key} belongs to Kubernetes itself and is not put up with.", Field)
            : Result.Done;
    }

    /// <summary>Whether a taint of a node is put up with.</summary>
    /// <param name="toleration">What puts up with something.</param>
    /// <param name="taint">The taint, as <see cref="Split"/> reads it.</param>
    public static bool Tolerates(PlanToleration toleration, PlanToleration taint) =>
        toleration.Key == taint.Key && (toleration.Value is null || toleration.Value == (taint.Value ?? "")) && (toleration.Effect is null || toleration.Effect == taint.Effect);

    /// <summary>Takes a text apart; whatever it is.</summary>
    public static PlanToleration Split(string text)
    {
        var colon = text.LastIndexOf(':');
        var (rest, effect) = colon < 0 ? (text, null) : (text[..colon], text[(colon + 1)..]);
        var equals = rest.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? new(rest, null, effect) : new(rest[..equals], rest[(equals + 1)..], effect);
    }
}
