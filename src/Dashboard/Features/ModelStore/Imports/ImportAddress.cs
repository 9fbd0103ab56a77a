using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Imports;

/// <summary>An address a person typed, taken apart. Nothing was asked of anybody yet.</summary>
internal sealed record ImportAddress
{
    private ImportAddress()
    {
    }

    /// <summary>Which source reads it: <c>https</c>, <c>git</c>, <c>s3</c>, <c>hf</c>, <c>oci</c> or <c>file</c>.</summary>
    public required string Scheme { get; init; }

    /// <summary>The address as a URI; of git without the <c>git+</c> and the revision.</summary>
    public required Uri Uri { get; init; }

    /// <summary>The revision that was asked for behind <c>#</c> (git) or <c>@</c> (hf), or null.</summary>
    public string? Revision { get; init; }

    /// <summary>The address without anything that could be a secret.</summary>
    public required string Shown { get; init; }

    /// <summary>The whole address, as typed.</summary>
    public required string Text { get; init; }

    /// <summary>Takes an address apart.</summary>
    /// <returns>The parts, or what is wrong with it, for the field <c>address</c>.</returns>
    public static Result<ImportAddress> Parse(string? typed)
    {
        var text = typed?.Trim() ?? "";
        if (text.Length == 0)
        {
            return Invalid("Say where the model is, such as https://… or hf://organisation/model.");
        }

        if (text.Length > Transfer.MaxAddressLength)
        {
            return Invalid($"An address has at most {Transfer.MaxAddressLength} characters.");
        }

        if (text.Any(c => c is <= ' ' or '\\' or '\u007f' || (c > '\u007f' && !char.IsLetterOrDigit(c))))
        {
            return Invalid("The address has a space, a backslash or a character that is not seen. Write those as %20 and the like.");
        }

        if (Encoded(text) is { } encoded)
        {
            return Invalid(encoded);
        }

        var isGit = text.StartsWith("git+", StringComparison.OrdinalIgnoreCase);
        return Uri.TryCreate(isGit ? text[4..] : text, UriKind.Absolute, out var uri) && text.Contains("://", StringComparison.Ordinal)
            ? TakeApart(text, uri, isGit)
            : Invalid("This is no address. It begins with https://, git+https://, s3://, hf://, oci:// or file://.");
    }

    private static Result<ImportAddress> TakeApart(string text, Uri uri, bool isGit)
    {
        if (uri.UserInfo.Length > 0 && uri.Scheme != "hf")
        {
            return Invalid("An address holds no user name and no password. Ask an administrator to set the store or token up instead.");
        }

        var isWeb = uri.Scheme is "https" or "http";
        if (!isWeb && (isGit || uri.Scheme is not ("s3" or "hf" or "oci" or "file")))
        {
            return Invalid($"{uri.Scheme}:// is not a place that is imported from. https://, git+https://, s3://, hf://, oci:// and file:// are.");
        }

        isGit |= isWeb && uri.AbsolutePath.EndsWith(".git", StringComparison.Ordinal);
        if (!isGit && uri.Fragment.Length > 0)
        {
            return Invalid("Leave out what follows #. A revision behind # is for git repositories.");
        }

        if (!isWeb && uri.Query.Length > 0)
        {
            return Invalid("Leave out what follows the question mark.");
        }

        var plain = isGit ? new UriBuilder(uri) { Fragment = "" }.Uri : uri;
        var shown = uri.Query.Length == 0 ? text : text[..text.IndexOf('?', StringComparison.Ordinal)] + "?…";
        return new ImportAddress
        {
            Scheme = isGit ? "git" : isWeb ? "https" : uri.Scheme,
            Uri = plain,
            Revision = isGit && uri.Fragment.Length > 1 ? Uri.UnescapeDataString(uri.Fragment[1..]) : null,
            Shown = shown,
            Text = text,
        };
    }

    // A dot-dot hidden behind percent signs would be resolved by whoever decodes last; nobody needs one.
    private static string? Encoded(string text)
    {
        var path = text.Split('?', '#')[0];
        var decoded = path;
        for (var round = 0; round < 4; round++)
        {
            var slash = decoded.IndexOf("://", StringComparison.Ordinal);
            var names = (slash < 0 ? decoded : decoded[(slash + 3)..]).Split('/', '\\');
            if (names.Any(name => name is ".." or "."))
            {
                return "The address has . or .. as a folder. Write the path out.";
            }

            if (decoded.Any(char.IsControl))
            {
                return "The address has a hidden control character.";
            }

            var next = Uri.UnescapeDataString(decoded);
            if (next == decoded)
            {
                return null;
            }

            decoded = next;
        }

        return "The address is encoded several times over. Write it plainly.";
    }

    private static Failure Invalid(string message) => Failure.Invalid(message, "address");
}
