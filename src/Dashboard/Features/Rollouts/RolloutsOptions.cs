using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Features.Rollouts;

/// <summary>How the controller of rollouts works. Section <c>Ops:Rollouts</c>; all times in seconds.</summary>
internal sealed class RolloutsOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Ops:Rollouts";

    /// <summary>Every endpoint is looked at this often even when nothing happened.</summary>
    public int ResyncSeconds { get; set; } = 15;

    /// <summary>How long a process may act after it last said that it is alive.</summary>
    public int LeaseSeconds { get; set; } = 15;

    /// <summary>How often it says so.</summary>
    public int LeaseRenewSeconds { get; set; } = 5;

    /// <summary>How many endpoints of one target are looked at side by side.</summary>
    public int Workers { get; set; } = 4;

    /// <summary>How long one answer of a target may take.</summary>
    public int TargetTimeoutSeconds { get; set; } = 30;

    /// <summary>The longest pause before an endpoint with which something is wrong is tried again.</summary>
    public int BackoffMaxSeconds { get; set; } = 60;

    /// <summary>How often requests are looked through for those that nobody decided in time.</summary>
    public int ExpirySweepSeconds { get; set; } = 30;
}

/// <summary>Reports every mistake in <see cref="RolloutsOptions"/> at once, each with its key.</summary>
internal sealed class ValidateRolloutsOptions : IValidateOptions<RolloutsOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, RolloutsOptions options)
    {
        List<string> failures = [];
        Check(options.ResyncSeconds is >= 1 and <= 600, nameof(options.ResyncSeconds), "1 to 600");
        Check(options.LeaseSeconds is >= 3 and <= 300, nameof(options.LeaseSeconds), "3 to 300");
        Check(options.LeaseRenewSeconds >= 1 && options.LeaseRenewSeconds * 2 < options.LeaseSeconds, nameof(options.LeaseRenewSeconds), "1 or more and less than half of LeaseSeconds");
        Check(options.Workers is >= 1 and <= 64, nameof(options.Workers), "1 to 64");
        Check(options.TargetTimeoutSeconds is >= 1 and <= 600, nameof(options.TargetTimeoutSeconds), "1 to 600");
        Check(options.BackoffMaxSeconds is >= 1 and <= 3600, nameof(options.BackoffMaxSeconds), "1 to 3600");
        Check(options.ExpirySweepSeconds is >= 1 and <= 3600, nameof(options.ExpirySweepSeconds), "1 to 3600");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void Check(bool isRight, string key, string range)
        {
            if (!isRight)
            {
                failures.Add($"{RolloutsOptions.Section}:{key} must be {range}.");
            }
        }
    }
}
