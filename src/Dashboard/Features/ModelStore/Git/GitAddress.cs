using System.Net;
using System.Text.RegularExpressions;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Git;

/// <summary>The address of a repository, checked and in one form, so that git can take it for nothing else.</summary>
/// <param name="Text">What git is given.</param>
/// <param name="Scheme">The only protocol that git may use: <c>https</c>, <c>http</c>, <c>ssh</c> or <c>file</c>.</param>
internal sealed partial record GitAddress(string Text, string Scheme)
{
    /// <summary>The name of the setting.</summary>
    public const string Field = "repository";

    private const int MaxLength = 500;

    /// <summary>Whether it is reached over HTTP.</summary>
    public bool IsHttp => Scheme is "http" or "https";

    /// <summary>Reads an address.</summary>
    /// <param name="text">What an administrator typed.</param>
    /// <param name="allowPlainHttp">Whether http may leave this machine.</param>
    /// <param name="folder">Says whether a folder may be used, and what it really is.</param>
    public static Result<GitAddress> Parse(string? text, bool allowPlainHttp, Func<string, Result<string>> folder)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return Wrong("Name a repository.");
        }

        if (text.Length > MaxLength || text != text.Trim() || text[0] == '-' || text.Any(c => c is < ' ' or > '~' or ' ' or '\\' or '%' or '"' or '\'' or '`' or '$'))
        {
            return Wrong("Give a plain address, without spaces, quotes, %, backslashes, control characters or letters beyond ASCII.");
        }

        if (Path.IsPathFullyQualified(text) && !text.Contains("://", StringComparison.Ordinal))
        {
            var real = folder(text);
            return real.Succeeded ? new GitAddress(new Uri(real.Value).AbsoluteUri, "file") : Wrong(real.Failure.Message);
        }

        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && text.Contains("://", StringComparison.Ordinal)
            ? Remote(text, uri, allowPlainHttp)
            : Wrong("Give https://host/path.git, ssh://user@host/path.git, or the absolute path of a repository on this machine.");
    }

    private static Result<GitAddress> Remote(string text, Uri uri, bool allowPlainHttp)
    {
        if (uri.Scheme is not ("https" or "http" or "ssh"))
        {
            return Wrong("Only https://, ssh:// and paths of this machine can be repositories.");
        }

        if (text.Split('/').Any(step => step is "." or "..") || uri.AbsolutePath.Length < 2 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
        {
            return Wrong("Give scheme, host and path of the repository, without . and .., query or fragment.");
        }

        if (!Host().IsMatch(uri.DnsSafeHost) && !IPAddress.TryParse(uri.DnsSafeHost, out _))
        {
            return Wrong("The host has characters that no host name has.");
        }

        if (IPAddress.TryParse(uri.DnsSafeHost, out var ip) && AddressRules.IsMetadata(ip))
        {
            return Wrong("This is an address from which a cloud hands out credentials of the machine.");
        }

        return uri.Scheme switch
        {
            "ssh" when !User().IsMatch(uri.UserInfo) => Wrong("Name the user for ssh, such as ssh://git@host/path.git, without a password: the key is a secret of its own."),
            "http" or "https" when uri.UserInfo.Length > 0 => Wrong("Give no user or password in the address: the token is a secret of its own."),
            "http" when !uri.IsLoopback && !allowPlainHttp => Wrong("http sends the token where others can read it. Use https, or allow it under the advanced settings."),
            _ => new GitAddress(uri.AbsoluteUri, uri.Scheme),
        };
    }

    private static Failure Wrong(string message) => Failure.Invalid(message, Field);

    [GeneratedRegex(@"\A[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\z")]
    private static partial Regex Host();

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\z")]
    private static partial Regex User();
}
