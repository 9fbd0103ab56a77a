using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Ops.Dashboard.Features.Rollouts.Execution;

/// <summary>What is wrong with the controller now, for <c>/health/ready</c>. Trouble with one endpoint degrades; the dashboard itself goes on.</summary>
internal sealed class RolloutsHealth : IHealthCheck
{
    private readonly ConcurrentDictionary<string, string> problems = new(StringComparer.Ordinal);

    /// <summary>Notes a problem; an earlier one of the same name is replaced.</summary>
    public void Report(string name, string problem) => problems[name] = problem;

    /// <summary>Takes a problem back.</summary>
    public void Clear(string name) => problems.TryRemove(name, out _);

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var now = problems.ToDictionary(pair => pair.Key, pair => (object)pair.Value, StringComparer.Ordinal);
        return Task.FromResult(now.Count == 0
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded($"{now.Count} problems in carrying out rollouts.", data: now));
    }
}
