using System.Text;

namespace Ops.Dashboard.Features.Audit;

/// <summary>Writes comma-separated values (RFC 4180) that a spreadsheet shows as text.</summary>
internal static class CsvText
{
    private static readonly char[] NeedQuotes = ['"', ',', '\r', '\n'];

    /// <summary>One line, with its end.</summary>
    public static string Line(params ReadOnlySpan<string?> fields)
    {
        var line = new StringBuilder();
        for (var at = 0; at < fields.Length; at++)
        {
            if (at > 0)
            {
                line.Append(',');
            }

            line.Append(Field(fields[at] ?? ""));
        }

        return line.Append("\r\n").ToString();
    }

    // A field that begins like a formula would be run by a spreadsheet; a leading apostrophe makes it text there (OWASP, CSV Injection).
    private static string Field(string value)
    {
        var text = value.AsSpan().TrimStart(' ') is ['=' or '+' or '-' or '@' or '\t' or '\r' or '\n' or '\uFF1D' or '\uFF0B' or '\uFF0D' or '\uFF20', ..] ? "'" + value : value;
        return text.IndexOfAny(NeedQuotes) < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
