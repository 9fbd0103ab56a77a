using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Features.ModelStore.Stores;

/// <summary>What administrators may set up as stores, and how often stores are looked at. Section <c>Ops:Stores</c>.</summary>
internal sealed class StoresOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Ops:Stores";

    /// <summary>Folders below which stores of the file system may be. None: the store of the data folder is the only one.</summary>
    public IList<string> AllowedRoots { get; set; } = [];

    /// <summary>Whether addresses that clouds keep for instance metadata may be stores. They hand out credentials to whoever asks.</summary>
    public bool AllowMetadataAddresses { get; set; }

    /// <summary>How often changes that another dashboard made are looked for.</summary>
    public TimeSpan RefreshEvery { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often every store is asked whether it answers.</summary>
    public TimeSpan ProbeEvery { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a store may take to answer that.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long all the checks of a store may take together.</summary>
    public TimeSpan CheckTimeout { get; set; } = TimeSpan.FromMinutes(2);
}

/// <summary>Reports every mistake in <see cref="StoresOptions"/> at once, each with its key.</summary>
internal sealed class ValidateStoresOptions : IValidateOptions<StoresOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, StoresOptions options)
    {
        List<string> failures = [];
        foreach (var (root, index) in options.AllowedRoots.Select((root, index) => (root, index)))
        {
            Require(Path.IsPathFullyQualified(root ?? ""), $"AllowedRoots:{index} must be an absolute path.");
        }

        Require(options.RefreshEvery >= TimeSpan.FromMilliseconds(100), "RefreshEvery must be at least 100 milliseconds.");
        Require(options.ProbeEvery >= TimeSpan.FromSeconds(1), "ProbeEvery must be at least one second.");
        Require(options.ProbeTimeout > TimeSpan.Zero, "ProbeTimeout must be above 0.");
        Require(options.CheckTimeout > TimeSpan.Zero, "CheckTimeout must be above 0.");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void Require(bool holds, string otherwise)
        {
            if (!holds)
            {
                failures.Add($"{StoresOptions.Section}:{otherwise}");
            }
        }
    }
}
