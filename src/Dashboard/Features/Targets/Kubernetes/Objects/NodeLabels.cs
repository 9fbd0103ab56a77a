using System.Text.RegularExpressions;
using Ops.Data;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Objects;

/// <summary>The rules that Kubernetes has for names and values of labels, and for names of objects.</summary>
internal static partial class NodeLabels
{
    private const int MaxLabelPart = 63;
    private const int MaxDomain = 253;

    /// <summary>Checks a label.</summary>
    /// <returns>A failure names no field.</returns>
    public static Result Check(string name, string value)
    {
        var (domain, rest) = Split(name);
        if (rest.Length is 0 or > MaxLabelPart || !LabelText().IsMatch(rest) || (domain is not null && !IsDomain(domain)))
        {
            return Failure.Invalid($"'{Shown(name)}' is no name of a label: at most {MaxLabelPart} letters, digits, '-', '_' or '.', with a domain and '/' before them where there is one.");
        }

        return value.Length > MaxLabelPart || (value.Length > 0 && !LabelText().IsMatch(value))
            ? Failure.Invalid($"The value of {name} has at most {MaxLabelPart} letters, digits, '-', '_' or '.', and begins and ends with a letter or digit.")
            : Result.Done;
    }

    /// <summary>Whether a label belongs to Kubernetes itself.</summary>
    public static bool IsReserved(string name) => Split(name).Domain is { } domain
        && (domain is "kubernetes.io" or "k8s.io" || domain.EndsWith(".kubernetes.io", StringComparison.Ordinal) || domain.EndsWith(".k8s.io", StringComparison.Ordinal));

    /// <summary>Whether a text is a name of the sort that nodes, host names and classes have: lower-case parts joined by dots.</summary>
    public static bool IsDomain(string text) => IsObjectName(text) && text.Split('.').All(part => part.Length <= MaxLabelPart);

    /// <summary>Whether an object such as a Secret or a claim may be called so (RFC 1123 subdomain, which limits only the whole).</summary>
    public static bool IsObjectName(string text) => text.Length is > 0 and <= MaxDomain && text.Split('.').All(part => DomainPart().IsMatch(part));

    /// <summary>A hostile name is not repeated as it is: line breaks would make one message look like two.</summary>
    public static string Shown(string text) => new([.. text.Take(80).Select(c => char.IsControl(c) ? ' ' : c)]);

    private static (string? Domain, string Name) Split(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? (null, name) : (name[..slash], name[(slash + 1)..]);
    }

    [GeneratedRegex(@"\A[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?\z")]
    private static partial Regex LabelText();

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9-]*[a-z0-9])?\z")]
    private static partial Regex DomainPart();
}
