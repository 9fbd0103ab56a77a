using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Features.ModelStore.Imports;

/// <summary>Where versions may be fetched from, and the bounds of it. Section <c>Ops:Imports</c>.</summary>
internal sealed class ImportsOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Ops:Imports";

    /// <summary>Hosts (<c>name</c> or <c>name:port</c>) that may be reached although their address is private, and without TLS. Anything else must be a public address over https.</summary>
    public IList<string> AllowedHosts { get; set; } = [];

    /// <summary>Folders of this machine below which <c>file://</c> may read. None: no file is read.</summary>
    public IList<string> AllowedRoots { get; set; } = [];

    /// <summary>Buckets of model stores (<c>bucket</c> or <c>bucket/folder</c>) that <c>s3://</c> may read, beside the stores' own objects. None: none is read.</summary>
    public IList<string> AllowedBuckets { get; set; } = [];

    /// <summary>Where <c>hf://</c> asks.</summary>
    public string HuggingFaceEndpoint { get; set; } = "https://huggingface.co";

    /// <summary>An access token for <see cref="HuggingFaceEndpoint"/>, or empty. Sent to that host only.</summary>
    public string HuggingFaceToken { get; set; } = "";

    /// <summary>The most bytes of one import, as fetched and as unpacked.</summary>
    public long MaxBytes { get; set; } = 100L * 1024 * 1024 * 1024;

    /// <summary>The most files of one import, and entries of an archive.</summary>
    public int MaxFiles { get; set; } = 10_000;

    /// <summary>How many times larger than itself an archive may unpack. Applies above 64 MiB of content.</summary>
    public int MaxArchiveRatio { get; set; } = 200;

    /// <summary>How often a failing import is tried before it fails for good.</summary>
    public int MaxAttempts { get; set; } = 8;

    /// <summary>The most imports of one person that have not ended.</summary>
    public int MaxOpenImports { get; set; } = 20;

    /// <summary>The pause after the first failure; it doubles from try to try.</summary>
    public TimeSpan FirstPause { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest pause.</summary>
    public TimeSpan LongestPause { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a source may send nothing.</summary>
    public TimeSpan Silence { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long one run of the git program may take.</summary>
    public TimeSpan GitTime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How often the queue is looked at.</summary>
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromSeconds(2);
}

/// <summary>Reports every mistake in <see cref="ImportsOptions"/> at once, each with its key.</summary>
internal sealed class ValidateImportsOptions : IValidateOptions<ImportsOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ImportsOptions options)
    {
        List<string> failures = [];
        Require(options.MaxBytes > 0, "MaxBytes must be above 0.");
        Require(options.MaxFiles is > 0 and <= 100_000, "MaxFiles must be 1 to 100000.");
        Require(options.MaxArchiveRatio > 1, "MaxArchiveRatio must be above 1.");
        Require(options.MaxAttempts is > 0 and <= 100, "MaxAttempts must be 1 to 100.");
        Require(options.MaxOpenImports > 0, "MaxOpenImports must be above 0.");
        Require(options.FirstPause > TimeSpan.Zero, "FirstPause must be above 0.");
        Require(options.LongestPause >= options.FirstPause, "LongestPause must be at least FirstPause.");
        Require(options.Silence > TimeSpan.Zero, "Silence must be above 0.");
        Require(options.GitTime > TimeSpan.Zero, "GitTime must be above 0.");
        Require(options.LookEvery > TimeSpan.Zero, "LookEvery must be above 0.");
        Require(Uri.TryCreate(options.HuggingFaceEndpoint, UriKind.Absolute, out var hub) && hub.Scheme is "https" or "http", "HuggingFaceEndpoint must be an https address.");
        Require(options.AllowedRoots.All(Path.IsPathFullyQualified), "AllowedRoots must be absolute folders.");
        Require(options.AllowedHosts.All(host => host.Length > 0 && !host.Contains('/', StringComparison.Ordinal) && !host.Contains('*', StringComparison.Ordinal)), "AllowedHosts are names such as 'models.example.org' or 'localhost:8080', without scheme, path or wildcard.");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void Require(bool holds, string otherwise)
        {
            if (!holds)
            {
                failures.Add($"{ImportsOptions.Section}:{otherwise}");
            }
        }
    }
}
