using System.Globalization;
using Ops.Data;

namespace Ops.Dashboard.Features.Registry.Commands;

/// <summary>What texts that people type may hold: they are shown as they are, so nothing in them may make them look like something else.</summary>
internal static class TextRules
{
    // Letters of some scripts and joined emoji need these two.
    private const char NonJoiner = '\u200C';
    private const char Joiner = '\u200D';

    /// <summary>Refuses control characters other than line breaks and tabs, and invisible ones that turn the direction of writing or hide text.</summary>
    public static Result Check(string text, string field)
    {
        foreach (var c in text)
        {
            if (char.IsControl(c) && c is not ('\n' or '\r' or '\t'))
            {
                return Failure.Invalid("This text has control characters. Type it anew instead of pasting it.", field);
            }

            if (char.GetUnicodeCategory(c) == UnicodeCategory.Format && c is not (NonJoiner or Joiner))
            {
                return Failure.Invalid("This text has invisible characters, such as those that turn the direction of writing. Type it anew instead of pasting it.", field);
            }
        }

        return Result.Done;
    }
}
