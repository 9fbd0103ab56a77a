using System.Text.RegularExpressions;
using Ops.Data;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Objects;

/// <summary>An image that cannot change under us: registry, repository and digest.</summary>
internal sealed partial record ImageReference
{
    private const int MaxLength = 512;

    private ImageReference(string registry, string repository, string digest) => (Registry, Repository, Digest) = (registry, repository, digest);

    /// <summary>Host and, where there is one, port, such as <c>registry.example:5000</c>.</summary>
    public string Registry { get; }

    /// <summary>The path below it, such as <c>team/ops-runtime</c>.</summary>
    public string Repository { get; }

    /// <summary>Such as <c>sha256:</c> and 64 hexadecimal digits.</summary>
    public string Digest { get; }

    /// <summary>Reads an image; one without a registry or a digest is refused, because it may be another one tomorrow.</summary>
    /// <param name="text">What was typed.</param>
    /// <param name="field">The input it came from.</param>
    public static Result<ImageReference> Parse(string text, string field = "image")
    {
        if (text.Length > MaxLength || Whole().Match(text) is not { Success: true } match)
        {
            return Failure.Invalid(
                text.Contains("@sha256:", StringComparison.Ordinal)
                    ? "An image is written as registry.example/path@sha256: and 64 lower-case hexadecimal digits."
                    : "Name the image by its digest, as in registry.example/path@sha256:...: a tag can be moved to other bytes after people have decided.",
                field);
        }

        var registry = match.Groups["registry"].Value;
        return registry.Contains('.', StringComparison.Ordinal) || registry.Contains(':', StringComparison.Ordinal) || registry == "localhost"
            ? Result.Of(new ImageReference(registry, match.Groups["repository"].Value, match.Groups["digest"].Value))
            : Failure.Invalid("Begin the image with the host of its registry, as in registry.example/path@sha256:...", field);
    }

    /// <summary>Whether one of these places holds it. A place is a registry, or a registry and the first whole segments of a path.</summary>
    public bool IsFrom(IEnumerable<string> places) => places.Any(IsFrom);

    // Compared segment by segment: "allowed.io" is neither the start of "allowed.io.evil.com" nor "team" that of "team2".
    private bool IsFrom(string place)
    {
        var wanted = place.TrimEnd('/').Split('/');
        string[] mine = [Registry, .. Repository.Split('/')];
        return wanted[0].Length > 0 && wanted.Length <= mine.Length
            && string.Equals(wanted[0], mine[0], StringComparison.OrdinalIgnoreCase)
            && wanted.Skip(1).SequenceEqual(mine.Skip(1).Take(wanted.Length - 1), StringComparer.Ordinal);
    }

    [GeneratedRegex(@"\A(?<registry>[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?)/(?<repository>[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*)(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?@(?<digest>sha256:[0-9a-f]{64})\z")]
    private static partial Regex Whole();
}
