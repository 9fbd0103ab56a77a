using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Uploads;

/// <summary>
/// What a file of a version may be called. The path is never a path on our disks (objects have opaque ids), but runtimes lay the files
/// out under it, so whatever could mean something else there, or look like another name, is refused with a reason.
/// </summary>
internal static partial class UploadPaths
{
    /// <summary>Characters of a whole path.</summary>
    public const int MaxLength = 512;

    /// <summary>Bytes (UTF-8) of one name in a path, the limit of common file systems.</summary>
    public const int MaxNameBytes = 255;

    /// <summary>Names in a path.</summary>
    public const int MaxDepth = 16;

    // Folders of the runtime beside a version's files; it refuses to serve a version that has one.
    private static readonly HashSet<string> RuntimeNames = new([".optimized", ".incoming"], StringComparer.OrdinalIgnoreCase);

    private static readonly HashSet<string> DeviceNames = new(
        ["CON", "PRN", "AUX", "NUL", .. Enumerable.Range(1, 9).SelectMany(n => new[] { $"COM{n}", $"LPT{n}" })], StringComparer.OrdinalIgnoreCase);

    /// <summary>Checks the paths of one upload, together: no two that differ only in case, no file that is also a folder.</summary>
    public static Result CheckAll(IReadOnlyCollection<string> paths)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var path in paths)
        {
            var check = Check(path);
            if (!check.Succeeded)
            {
                return check;
            }

            if (!seen.Add(path))
            {
                return Refuse(path, "is there twice, or differs from another file only in upper and lower case");
            }
        }

        foreach (var path in paths)
        {
            for (var slash = path.IndexOf('/'); slash > 0; slash = path.IndexOf('/', slash + 1))
            {
                if (seen.Contains(path[..slash]))
                {
                    return Refuse(path[..slash], "is a file and a folder at the same time");
                }
            }
        }

        return Result.Done;
    }

    /// <summary>Checks one relative path with forward slashes.</summary>
    public static Result Check(string? path)
    {
        if (string.IsNullOrEmpty(path))
        {
            return Failure.Invalid("A file needs a name.", "files");
        }

        if (path.Length > MaxLength)
        {
            return Refuse(path, $"is longer than {MaxLength} characters");
        }

        if (path.Contains('\\', StringComparison.Ordinal))
        {
            return Refuse(path, "has a backslash; folders are separated by /");
        }

        if (Encoded().IsMatch(path))
        {
            return Refuse(path, "has a % followed by two hex digits, as in a web address; rename the file");
        }

        var names = path.Split('/');
        if (names.Length > MaxDepth)
        {
            return Refuse(path, $"is more than {MaxDepth} folders deep");
        }

        foreach (var name in names)
        {
            if (Wrong(name) is { } why)
            {
                return Refuse(path, why);
            }
        }

        return Result.Done;
    }

    private static string? Wrong(string name) => name switch
    {
        "" => "starts or ends with / or has two in a row; paths are relative to the folder of the version",
        "." or ".." => "has . or .. as a folder",
        _ when name.IndexOfAny(['<', '>', ':', '"', '|', '?', '*']) >= 0 => "has one of the characters < > : \" | ? *",
        _ when name[0] is ' ' || name[^1] is ' ' or '.' => "has a name that starts or ends with a space or ends with a dot",
        _ when name[0] is '=' or '+' or '-' or '@' => "has a name that starts with one of = + - @, which spreadsheets take for a formula and programs for an option",
        _ when name.Equals(".git", StringComparison.OrdinalIgnoreCase) || name.Equals("git~1", StringComparison.OrdinalIgnoreCase) => "has a name that git keeps for itself",
        _ when RuntimeNames.Contains(name) => "has a name that the runtime keeps for itself",
        _ when DeviceNames.Contains(name.Split('.')[0]) => "has a name that Windows keeps for a device",
        _ when Encoding.UTF8.GetByteCount(name) > MaxNameBytes => $"has a name longer than {MaxNameBytes} bytes",
        _ => WrongCharacters(name),
    };

    private static string? WrongCharacters(string name)
    {
        var scripts = Scripts.None;
        Rune? before = null;
        for (var index = 0; index < name.Length; index++)
        {
            if (!Rune.TryGetRuneAt(name, index, out var rune))
            {
                return "has half of a character";
            }

            index += rune.Utf16SequenceLength - 1;
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate)
            {
                return "has an invisible character, such as a control character or a mark that turns the direction of writing";
            }

            if (rune == Rune.ReplacementChar)
            {
                return "has a character that could not be read";
            }

            if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.SpaceSeparator && rune.Value != ' ')
            {
                return "has a space that is not the ordinary one";
            }

            if (rune.Value is (>= 0xFF00 and <= 0xFFEF) or (>= 0x1D400 and <= 0x1D7FF) or (>= 0x2100 and <= 0x214F))
            {
                return "has letters made to look like others (full-width or mathematical ones)";
            }

            if (rune.Value is >= 0x0300 and <= 0x036F && before is { IsAscii: true })
            {
                return "has an accent apart from its letter; write it as one character (Unicode NFC)";
            }

            // These alphabets share look-alike letters: a Cyrillic letter inside a Latin word makes another name that looks the same.
            // Words are judged one by one, so that a Russian name may end in .onnx.
            scripts = Rune.IsLetter(rune) ? scripts | Script(rune) : Scripts.None;
            if (int.PopCount((int)scripts) > 1)
            {
                return "mixes Latin, Greek, Cyrillic or Armenian letters that look alike in one word";
            }

            before = rune;
        }

        return null;
    }

    private static Scripts Script(Rune rune) => rune.Value switch
    {
        < 0x80 => Rune.IsLetter(rune) ? Scripts.Latin : Scripts.None,
        >= 0x00AA and <= 0x02AF or >= 0x1E00 and <= 0x1EFF => Rune.IsLetter(rune) ? Scripts.Latin : Scripts.None,
        >= 0x0370 and <= 0x03FF or >= 0x1F00 and <= 0x1FFF => Scripts.Greek,
        >= 0x0400 and <= 0x052F or >= 0x1C80 and <= 0x1C8F or >= 0x2DE0 and <= 0x2DFF or >= 0xA640 and <= 0xA69F => Scripts.Cyrillic,
        >= 0x0530 and <= 0x058F => Scripts.Armenian,
        >= 0x13A0 and <= 0x13FF or >= 0xAB70 and <= 0xABBF => Scripts.Cherokee,
        _ => Scripts.None,
    };

    private static Failure Refuse(string path, string why) => Failure.Invalid($"The path '{Shown(path)}' {why}.", "files");

    // The refusal must not carry what it refuses: direction marks would turn this very sentence around.
    private static string Shown(string path)
    {
        var shown = path.Length <= 80 ? path : string.Concat(path.AsSpan(0, 80), "...");
        return string.Concat(shown.Select(c =>
            char.IsControl(c) || char.IsSurrogate(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                ? '\uFFFD'
                : c));
    }

    [GeneratedRegex("%[0-9A-Fa-f]{2}")]
    private static partial Regex Encoded();

    [Flags]
    private enum Scripts
    {
        None = 0,
        Latin = 1,
        Greek = 2,
        Cyrillic = 4,
        Armenian = 8,
        Cherokee = 16,
    }
}
