using System.Globalization;
using Ops.Runtime.Fetching;

namespace Ops.Runtime.Models;

/// <summary>Which relative paths a version's files may have: ones that stay inside the version's folder on every system.</summary>
internal static class ModelFilePath
{
    /// <summary>The folder beside a version's files that holds what this program made out of them.</summary>
    public const string Reserved = ".optimized";

    private const int MaxLength = 512;

    /// <summary>Says why a path is refused, or null when it is fine.</summary>
    /// <param name="path">Relative, with forward slashes.</param>
    public static string? Refuse(string path)
    {
        if (path.Length is 0 or > MaxLength)
        {
            return $"must be 1 to {MaxLength} characters.";
        }

        for (var i = 0; i < path.Length; i++)
        {
            var c = path[i];
            if (c is '\\' or ':' or '<' or '>' or '"' or '|' or '?' or '*' || char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format)
            {
                return "must hold no backslash, colon, wildcard, control or invisible character.";
            }

            // Nothing here decodes percent signs, but whoever passes such a path on might.
            if (c == '%' && i + 2 < path.Length && char.IsAsciiHexDigit(path[i + 1]) && char.IsAsciiHexDigit(path[i + 2]))
            {
                return "must hold no percent-encoded character.";
            }
        }

        foreach (var segment in path.Split('/'))
        {
            if (segment.Equals(Reserved, StringComparison.OrdinalIgnoreCase) || segment.Equals(IncomingFolder.Name, StringComparison.OrdinalIgnoreCase))
            {
                return $"must have no segment {Reserved} or {IncomingFolder.Name}.";
            }

            if (segment.Length == 0 || segment is "." or ".." || segment[^1] is '.' or ' ' || segment[0] == ' ')
            {
                return "must be relative, without empty segments, '.' or '..', and no segment may end in a dot or a space.";
            }
        }

        return null;
    }
}
