using System.Text.Json;
using Ops.Runtime.Configuration;

namespace Ops.Runtime.Fetching;

/// <summary>The file that tells the command <c>fetch</c> what to fetch.</summary>
internal sealed class FetchManifest
{
    private const long LongestFile = 16 * 1024 * 1024;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true };

    /// <summary>SHA-256 of the version, 64 hexadecimal digits: what people approved.</summary>
    public string Digest { get; set; } = string.Empty;

    /// <summary>Every file of the version, as in the configuration of the server.</summary>
    public List<ModelFileOptions> Files { get; set; } = [];

    /// <summary>Certificates in PEM of authorities that sign those of the sources, trusted besides the system's; null for none.</summary>
    public string? Authorities { get; set; }

    /// <summary>Reads and checks one.</summary>
    /// <exception cref="InvalidDataException">It cannot be read, or something in it is wrong; everything that is wrong is said at once.</exception>
    public static FetchManifest Read(string path)
    {
        FetchManifest manifest;
        try
        {
            using var file = File.OpenRead(path);
            if (file.Length > LongestFile)
            {
                throw new InvalidDataException($"The manifest is longer than {LongestFile} bytes.");
            }

            manifest = JsonSerializer.Deserialize<FetchManifest>(file, Json) ?? throw new InvalidDataException("The manifest is empty.");
        }
        catch (JsonException exception)
        {
            // Its message would repeat a part of the file, which holds secret addresses.
            throw new InvalidDataException($"The manifest is not the JSON it should be, at {exception.Path ?? "its beginning"} in line {(exception.LineNumber ?? 0) + 1}.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"The manifest {path} cannot be read.", exception);
        }

        var failures = manifest.Failures().Select(f => $"{f.Key} {f.Reason}").ToList();
        return failures.Count == 0 ? manifest : throw new InvalidDataException($"The manifest is wrong. {string.Join(' ', failures)}");
    }

    private IEnumerable<(string Key, string Reason)> Failures()
    {
        if (!FileRules.IsSha256(Digest))
        {
            yield return (nameof(Digest), "must be 64 hexadecimal digits.");
        }

        if (Authorities is not null && Fetching.Authorities.Read(Authorities) is null)
        {
            yield return (nameof(Authorities), "must be certificates in PEM.");
        }

        if (Files.Contains(null!))
        {
            yield return (nameof(Files), "must not hold null.");
            yield break;
        }

        foreach (var failure in FileRules.Failures(Files))
        {
            yield return failure;
        }
    }
}
