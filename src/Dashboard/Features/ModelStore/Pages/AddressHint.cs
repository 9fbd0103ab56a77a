using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Pages;

/// <summary>What the form says about an address while it is typed.</summary>
/// <param name="Scheme">Such as <c>hf</c>; empty for an address that is not yet one.</param>
/// <param name="Example">How such an address looks.</param>
/// <param name="Help">What happens with it.</param>
/// <param name="IsOneFile">Whether it may be a single file, of which a SHA-256 can be expected.</param>
internal sealed record AddressHint(string Scheme, string Example, string Help, bool IsOneFile = false)
{
    private static readonly AddressHint None = new("", "", "https://, git+https://, s3://, hf://, oci:// or file://.", IsOneFile: true);

    /// <summary>All kinds of addresses.</summary>
    public static IReadOnlyList<AddressHint> All { get; } =
    [
        new("https", "https://host/model.onnx", "One file of a web server. A broken download goes on where it ended; a checksum the server sends, or a .sha256 file beside it, is compared.", IsOneFile: true),
        new("git", "https://host/models.git#v1.2", "All files of a git repository at a branch, tag or commit; files of Git LFS are fetched too.", IsOneFile: false),
        new("s3", "s3://bucket/folder", "Everything below a key of a bucket that is set up as a model store here.", IsOneFile: true),
        new("hf", "hf://organisation/model@main/onnx", "A repository of the Hugging Face hub, or one folder of it, at a branch, tag or commit.", IsOneFile: false),
        new("oci", "oci://registry/repository:tag", "The files of an artifact in an OCI registry, by tag or digest.", IsOneFile: false),
        new("file", "file:///folder/on/the/server", "A file or folder on the server, where an administrator has allowed it.", IsOneFile: true),
    ];

    /// <summary>The hint for what was typed so far.</summary>
    public static AddressHint For(string address)
    {
        if (address.StartsWith("git+", StringComparison.OrdinalIgnoreCase) || address.Split('?', '#')[0].EndsWith(".git", StringComparison.Ordinal))
        {
            return All.First(hint => hint.Scheme == "git");
        }

        var end = address.IndexOf("://", StringComparison.Ordinal);
        return end > 0 && All.FirstOrDefault(hint => hint.Scheme == address[..end]) is { } found ? found : None;
    }

    /// <summary>A name for the model made of the last part of an address, or null when that makes none.</summary>
    public static string? NameIn(string address)
    {
        var end = address.IndexOf("://", StringComparison.Ordinal);
        if (end < 0)
        {
            return null;
        }

        var names = address[(end + 3)..].Split('?', '#', '@')[0].Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (names.Length < 2)
        {
            return null;
        }

        var name = names[^1].Split('.', ':')[0].ToLowerInvariant();
        var plain = string.Join('-', new string([.. name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]).Split('-', StringSplitOptions.RemoveEmptyEntries));
        return Names.Check(plain, "model").Succeeded ? plain : null;
    }
}
