using Ops.Runtime.Configuration;

namespace Ops.Runtime.Fetching;

/// <summary>A file that is to lie in a version's folder, and how it is known.</summary>
/// <param name="Path">Relative path inside the version, with forward slashes.</param>
/// <param name="Source">Where it is to be had: file, http or https. Its query may be a secret.</param>
/// <param name="Sha256">SHA-256 of the content, 64 hexadecimal digits.</param>
/// <param name="Size">Length of the content in bytes.</param>
/// <param name="Label">What people call it, without folders of this machine.</param>
internal sealed record WantedFile(string Path, Uri Source, string Sha256, long Size, string Label)
{
    /// <summary>Makes one of a file that <see cref="FileRules"/> has nothing against.</summary>
    public static WantedFile Of(ModelFileOptions file, string label) => new(file.Path, new Uri(file.Source), file.Sha256, file.Size, label);
}
