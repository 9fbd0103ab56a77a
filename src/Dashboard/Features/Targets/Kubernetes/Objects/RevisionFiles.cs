using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ops.Dashboard.Features.Targets.Local;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Objects;

/// <summary>The two files a pod is given: what to fetch, and what to serve.</summary>
internal static class RevisionFiles
{
    /// <summary>The file of the init step, in its folder.</summary>
    public const string Manifest = "manifest.json";

    /// <summary>The file of the server, in its folder.</summary>
    public const string Configuration = "runtime.json";

    /// <summary>Where the models lie in the pod.</summary>
    public const string ModelsFolder = "/models";

    /// <summary>Where what several pods keep lies in each of them.</summary>
    public const string CacheFolder = "/model-cache";

    /// <summary>The port of the server.</summary>
    public const int Port = 8080;

    /// <summary>For how long a pod that is taken down still answers, so that every router has noticed.</summary>
    public const int DrainGraceSeconds = 5;

    /// <summary>For how long requests in flight may take then.</summary>
    public const int DrainTimeoutSeconds = 30;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>Where the files of a version lie: the runtime looks into a folder of this name, and hashes each file again before it loads anything.</summary>
    public static string FolderOf(RevisionSpec revision) => $"{ModelsFolder}/{revision.Plan.VersionDigest.ToLowerInvariant()}";

    /// <summary>What the init step fetches and by what it knows that it got it. Secret: whoever has an address has the file for a while.</summary>
    public static string ManifestOf(RevisionSpec revision, VersionSource source) => JsonSerializer.Serialize(
        new
        {
            files = source.Files.Select(f => new { path = f.Path, source = f.Source.AbsoluteUri, sha256 = f.Sha256, size = f.SizeBytes }).ToArray(),
            digest = revision.Plan.VersionDigest,
            authorities = source.Authorities,
        },
        Json);

    /// <summary>The configuration of the server. The same for all pods of a revision, for as long as there is one.</summary>
    public static string ConfigurationOf(RevisionSpec revision, VersionSource source) => JsonSerializer.Serialize(
        new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["Ops"] = new
            {
                Runtime = new
                {
                    Threads = revision.Plan.Resources.CpuThreads,
                    DrainGraceSeconds,
                    DrainTimeoutSeconds,
                    Models = new[]
                    {
                        new
                        {
                            Name = revision.Plan.Model,
                            Version = revision.Plan.Version.ToString(CultureInfo.InvariantCulture),
                            Digest = revision.Plan.VersionDigest,
                            source.Format,
                            Files = source.Files.Select(f => new { f.Path, Source = AddressIn(revision, f.Path), f.Sha256, Size = f.SizeBytes }).ToArray(),
                        },
                    },
                },
            },
        },
        Json);

    private static string AddressIn(RevisionSpec revision, string path) =>
        $"file://{(revision.Plan.Kubernetes?.CacheClaim is null ? FolderOf(revision) : $"{CacheFolder}/{revision.Plan.VersionDigest.ToLowerInvariant()}")}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}";
}
