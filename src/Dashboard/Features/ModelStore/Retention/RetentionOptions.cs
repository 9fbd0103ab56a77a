using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Features.ModelStore.Retention;

/// <summary>When deleted versions are gone for good, and how often rules of retention are applied. Section <c>Ops:Retention</c>.</summary>
internal sealed class RetentionOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Ops:Retention";

    /// <summary>How long a deleted version can be restored.</summary>
    public TimeSpan FinalAfter { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How often rules are applied and deletions made final.</summary>
    public TimeSpan Every { get; set; } = TimeSpan.FromHours(1);
}

/// <summary>Reports every mistake in <see cref="RetentionOptions"/> at once, each with its key.</summary>
internal sealed class ValidateRetentionOptions : IValidateOptions<RetentionOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, RetentionOptions options)
    {
        List<string> failures = [];
        if (options.FinalAfter < TimeSpan.FromMinutes(1))
        {
            failures.Add($"{RetentionOptions.Section}:FinalAfter must be at least one minute.");
        }

        if (options.Every < TimeSpan.FromSeconds(1) || options.Every > TimeSpan.FromDays(7))
        {
            failures.Add($"{RetentionOptions.Section}:Every must be one second to seven days.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
