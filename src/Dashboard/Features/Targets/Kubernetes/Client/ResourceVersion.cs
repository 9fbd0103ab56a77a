namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>Versions of objects of one kind. Kubernetes promises since 1.35 (KEP-5504) that they are whole numbers of any length, and every version before it does the same.</summary>
internal static class ResourceVersion
{
    /// <summary>Which of two is older: below 0 for the first, 0 for the same. Null when they cannot be compared, because a server in between gives others.</summary>
    public static int? Compare(string? one, string? other) =>
        !IsNumber(one) || !IsNumber(other) ? null
        : one!.Length != other!.Length ? one.Length.CompareTo(other.Length)
        : string.CompareOrdinal(one, other);

    private static bool IsNumber(string? text) => text is { Length: > 0 } && text[0] != '0' && text.All(char.IsAsciiDigit);
}
