using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Features.Access;

/// <summary>How people get in and how long they stay. Section <c>Ops:Access</c>.</summary>
internal sealed class AccessOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Ops:Access";

    /// <summary>How long a session lasts without a request.</summary>
    public TimeSpan SessionLength { get; set; } = TimeSpan.FromHours(8);

    /// <summary>How often an open page asks whether its person may still see it.</summary>
    public TimeSpan RevalidateOpenPagesEvery { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Sign-in tries a minute for one name from one address.</summary>
    public int TriesPerName { get; set; } = 10;

    /// <summary>Sign-in tries a minute from one address, whatever the name.</summary>
    public int TriesPerAddress { get; set; } = 60;
}

/// <summary>Reports every mistake in <see cref="AccessOptions"/> at once, each with its key.</summary>
internal sealed class ValidateAccessOptions : IValidateOptions<AccessOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, AccessOptions options)
    {
        List<string> failures = [];
        if (options.SessionLength < TimeSpan.FromMinutes(5) || options.SessionLength > TimeSpan.FromDays(30))
        {
            failures.Add($"{AccessOptions.Section}:SessionLength must be between 00:05:00 and 30.00:00:00.");
        }

        // A demoted person has to lose an open page within a minute.
        if (options.RevalidateOpenPagesEvery <= TimeSpan.Zero || options.RevalidateOpenPagesEvery > TimeSpan.FromSeconds(30))
        {
            failures.Add($"{AccessOptions.Section}:RevalidateOpenPagesEvery must be above 00:00:00 and at most 00:00:30.");
        }

        if (options.TriesPerName < 1)
        {
            failures.Add($"{AccessOptions.Section}:TriesPerName must be at least 1.");
        }

        if (options.TriesPerAddress < 1)
        {
            failures.Add($"{AccessOptions.Section}:TriesPerAddress must be at least 1.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
