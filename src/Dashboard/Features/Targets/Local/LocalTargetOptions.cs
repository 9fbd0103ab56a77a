using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>How replicas run on this machine. Section <c>Ops:Targets:Local</c>.</summary>
internal sealed class LocalTargetOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Ops:Targets:Local";

    /// <summary>The runtime's program or .dll; null takes the one that was built along with the dashboard.</summary>
    public string? RuntimePath { get; set; }

    /// <summary>Whether replicas go on without the dashboard when it is shut down gently. After a crash they always do.</summary>
    public bool KeepReplicasOnShutdown { get; set; }

    /// <summary>How long a replica still answers after routers were told to leave it alone, in milliseconds.</summary>
    public int LameDuckMilliseconds { get; set; } = 300;

    /// <summary>How long requests in flight may take after the signal to stop, in seconds; then the process is killed.</summary>
    public int DrainTimeoutSeconds { get; set; } = 30;

    /// <summary>Time between two looks at a replica that is ready, in milliseconds.</summary>
    public int HealthIntervalMilliseconds { get; set; } = 1000;

    /// <summary>How long a replica may take to answer a health check, in milliseconds.</summary>
    public int HealthTimeoutMilliseconds { get; set; } = 1000;

    /// <summary>A process that has not said where it listens after this many seconds is started anew.</summary>
    public int StartTimeoutSeconds { get; set; } = 60;

    /// <summary>A replica that was ready and has not answered for this many seconds is started anew.</summary>
    public int UnresponsiveSeconds { get; set; } = 30;

    /// <summary>The log of a replica is cut at this size in MiB; one older piece is kept.</summary>
    public int LogMiB { get; set; } = 8;

    /// <summary><see cref="LameDuckMilliseconds"/> as a span.</summary>
    public TimeSpan LameDuck => TimeSpan.FromMilliseconds(LameDuckMilliseconds);

    /// <summary><see cref="DrainTimeoutSeconds"/> as a span.</summary>
    public TimeSpan DrainTimeout => TimeSpan.FromSeconds(DrainTimeoutSeconds);

    /// <summary><see cref="HealthIntervalMilliseconds"/> as a span.</summary>
    public TimeSpan HealthInterval => TimeSpan.FromMilliseconds(HealthIntervalMilliseconds);

    /// <summary><see cref="HealthTimeoutMilliseconds"/> as a span.</summary>
    public TimeSpan HealthTimeout => TimeSpan.FromMilliseconds(HealthTimeoutMilliseconds);

    /// <summary><see cref="StartTimeoutSeconds"/> as a span.</summary>
    public TimeSpan StartTimeout => TimeSpan.FromSeconds(StartTimeoutSeconds);

    /// <summary><see cref="UnresponsiveSeconds"/> as a span.</summary>
    public TimeSpan Unresponsive => TimeSpan.FromSeconds(UnresponsiveSeconds);
}

/// <summary>Reports every mistake in <see cref="LocalTargetOptions"/> at once, each with its key.</summary>
internal sealed class ValidateLocalTargetOptions : IValidateOptions<LocalTargetOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, LocalTargetOptions options)
    {
        List<string> failures = [];
        if (options.RuntimePath is not null && !File.Exists(options.RuntimePath))
        {
            failures.Add($"{LocalTargetOptions.Section}:RuntimePath must name the runtime's program or .dll; {options.RuntimePath} is not there.");
        }

        Check(nameof(options.LameDuckMilliseconds), options.LameDuckMilliseconds, 0, 60_000);
        Check(nameof(options.DrainTimeoutSeconds), options.DrainTimeoutSeconds, 1, 3600);
        Check(nameof(options.HealthIntervalMilliseconds), options.HealthIntervalMilliseconds, 50, 60_000);
        Check(nameof(options.HealthTimeoutMilliseconds), options.HealthTimeoutMilliseconds, 50, 60_000);
        Check(nameof(options.StartTimeoutSeconds), options.StartTimeoutSeconds, 1, 3600);
        Check(nameof(options.UnresponsiveSeconds), options.UnresponsiveSeconds, 1, 3600);
        Check(nameof(options.LogMiB), options.LogMiB, 1, 1024);
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void Check(string key, int value, int least, int most)
        {
            if (value < least || value > most)
            {
                failures.Add($"{LocalTargetOptions.Section}:{key} must be from {least} to {most}.");
            }
        }
    }
}
