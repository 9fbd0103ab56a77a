using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Features.ModelStore.Integrity;

/// <summary>How often stored bytes are read back. Section <c>Ops:Integrity</c>.</summary>
internal sealed class IntegrityOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Ops:Integrity";

    /// <summary>Whether versions are verified without being asked for. What people ask for is always done.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Each version is verified this often; whichever was verified longest ago comes first.</summary>
    public TimeSpan Every { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How often the dashboard looks for versions whose turn it is.</summary>
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The most bytes a second that unasked verification reads; 0 for no limit.</summary>
    public long BytesPerSecond { get; set; } = 50L * 1024 * 1024;
}

/// <summary>Reports every mistake in <see cref="IntegrityOptions"/> at once, each with its key.</summary>
internal sealed class ValidateIntegrityOptions : IValidateOptions<IntegrityOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, IntegrityOptions options)
    {
        List<string> failures = [];
        if (options.Every < TimeSpan.FromMinutes(1))
        {
            failures.Add($"{IntegrityOptions.Section}:Every must be at least one minute.");
        }

        if (options.LookEvery < TimeSpan.FromSeconds(1) || options.LookEvery > TimeSpan.FromDays(1))
        {
            failures.Add($"{IntegrityOptions.Section}:LookEvery must be one second to one day.");
        }

        if (options.BytesPerSecond < 0)
        {
            failures.Add($"{IntegrityOptions.Section}:BytesPerSecond must be 0 or more.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
