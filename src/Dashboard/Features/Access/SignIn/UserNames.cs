using System.Globalization;
using System.Text.RegularExpressions;
using Ops.Data;

namespace Ops.Dashboard.Features.Access.SignIn;

/// <summary>What people may be called, and how names that strangers type are kept.</summary>
internal static partial class UserNames
{
    /// <summary>The longest name.</summary>
    public const int MaxLength = 64;

    /// <summary>Refuses names that look like others (letters of other scripts, invisible characters), since approvals are told apart by them.</summary>
    public static Result Check(string? name, string field = "userName") =>
        name is { Length: <= MaxLength } && Allowed().IsMatch(name)
            ? Result.Done
            : Failure.Invalid($"A name has 2 to {MaxLength} characters: lower-case letters a-z, digits and . _ - @, and begins with a letter or digit.", field);

    /// <summary>What somebody typed as a name, fit for the audit: short, one line, nothing invisible.</summary>
    public static string AsTyped(string? typed)
    {
        var visible = (typed ?? "").Where(c => char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned)).Take(MaxLength);
        var name = string.Concat(visible).Trim();
        return name.Length == 0 ? "(no name)" : name;
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._@-]+\z")]
    private static partial Regex Allowed();
}
