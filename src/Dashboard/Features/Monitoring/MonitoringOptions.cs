using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Features.Monitoring;

/// <summary>How replicas are watched. Section <c>Ops:Monitoring</c>.</summary>
internal sealed class MonitoringOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Ops:Monitoring";

    /// <summary>Time between two scrapes of a replica.</summary>
    public double IntervalSeconds { get; set; } = 1;

    /// <summary>How long a scrape may take.</summary>
    public double TimeoutSeconds { get; set; } = 0.8;

    /// <summary>After how long without figures they count as stale.</summary>
    public double StaleAfterSeconds { get; set; } = 4;

    /// <summary>How far back charts reach.</summary>
    public int HistoryMinutes { get; set; } = 60;
}

/// <summary>Reports every mistake in <see cref="MonitoringOptions"/> at once, each with its key.</summary>
internal sealed class ValidateMonitoringOptions : IValidateOptions<MonitoringOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, MonitoringOptions options)
    {
        List<string> failures = [];
        if (options.IntervalSeconds is not (>= 0.2 and <= 60))
        {
            failures.Add("Ops:Monitoring:IntervalSeconds must be 0.2 to 60.");
        }

        if (options.TimeoutSeconds is not (> 0 and <= 30))
        {
            failures.Add("Ops:Monitoring:TimeoutSeconds must be above 0 and at most 30.");
        }

        if (options.StaleAfterSeconds is not (>= 1 and <= 600))
        {
            failures.Add("Ops:Monitoring:StaleAfterSeconds must be 1 to 600.");
        }

        if (options.HistoryMinutes is < 5 or > 24 * 60)
        {
            failures.Add("Ops:Monitoring:HistoryMinutes must be 5 to 1440.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
