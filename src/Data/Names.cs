using System.Text.RegularExpressions;

namespace Ops.Data;

/// <summary>The one rule for names that appear in URLs, labels and metrics.</summary>
public static partial class Names
{
    /// <summary>The longest name, the limit of a DNS label (RFC 1123).</summary>
    public const int MaxLength = 63;

    /// <summary>Refuses anything but lower-case ASCII letters, digits and inner hyphens (RFC 1123 label).</summary>
    /// <param name="name">The proposed name.</param>
    /// <param name="field">The input it came from.</param>
    public static Result Check(string? name, string field)
    {
        if (string.IsNullOrEmpty(name))
        {
            return Failure.Invalid("Give it a name.", field);
        }

        if (name.Length > MaxLength)
        {
            return Failure.Invalid($"A name has at most {MaxLength} characters.", field);
        }

        return Label().IsMatch(name)
            ? Result.Done
            : Failure.Invalid("A name has lower-case letters a-z, digits and hyphens, and starts and ends with a letter or digit.", field);
    }

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9-]*[a-z0-9])?\z")]
    private static partial Regex Label();
}
