using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Features.ModelStore;

/// <summary>Limits and clean-up of uploads. Section <c>Ops:Uploads</c>.</summary>
internal sealed class ModelStoreOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Ops:Uploads";

    /// <summary>The most bytes of one upload, all files together.</summary>
    public long MaxTotalBytes { get; set; } = 100L * 1024 * 1024 * 1024;

    /// <summary>The most files of one upload.</summary>
    public int MaxFiles { get; set; } = 10_000;

    /// <summary>The most unfinished uploads of one person.</summary>
    public int MaxOpenUploads { get; set; } = 20;

    /// <summary>How long an upload is kept without progress.</summary>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Bytes of the store's disk that uploads leave free.</summary>
    public long ReserveBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>How often unfinished uploads and orphans are collected.</summary>
    public TimeSpan CollectEvery { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How old an object nobody refers to must be before it is collected.</summary>
    public TimeSpan OrphanAge { get; set; } = TimeSpan.FromDays(1);

    /// <summary>MiB of memory, over all S3 stores, for parts on their way to a server. Further parts wait.</summary>
    public int PartMemoryMiB { get; set; } = 64;

    /// <summary>Formats that can run code when they are loaded and are taken all the same, such as <c>pytorch</c>.</summary>
    public IList<string> AllowedFormats { get; set; } = [];
}

/// <summary>Reports every mistake in <see cref="ModelStoreOptions"/> at once, each with its key.</summary>
internal sealed class ValidateModelStoreOptions : IValidateOptions<ModelStoreOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ModelStoreOptions options)
    {
        List<string> failures = [];
        Require(options.MaxTotalBytes > 0, "MaxTotalBytes must be above 0.");
        Require(options.MaxFiles is > 0 and <= 100_000, "MaxFiles must be 1 to 100000.");
        Require(options.MaxOpenUploads > 0, "MaxOpenUploads must be above 0.");
        Require(options.Lifetime > TimeSpan.Zero, "Lifetime must be above 0.");
        Require(options.ReserveBytes >= 0, "ReserveBytes must be 0 or more.");
        Require(options.CollectEvery > TimeSpan.Zero, "CollectEvery must be above 0.");
        Require(options.OrphanAge >= TimeSpan.FromMinutes(1), "OrphanAge must be at least one minute.");
        Require(options.PartMemoryMiB is >= 16 and <= 65_536, "PartMemoryMiB must be 16 to 65536.");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void Require(bool holds, string otherwise)
        {
            if (!holds)
            {
                failures.Add($"{ModelStoreOptions.Section}:{otherwise}");
            }
        }
    }
}
