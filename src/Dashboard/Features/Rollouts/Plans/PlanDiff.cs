using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Plans;

/// <summary>One thing that a plan changes.</summary>
/// <param name="Label">What, in the words of the wizard.</param>
/// <param name="Old">What it is now, or null where there was nothing.</param>
/// <param name="New">What it will be, or null where it goes away.</param>
internal sealed record PlanChange(string Label, string? Old, string? New);

/// <summary>What a plan changes, for people who review it. Pure.</summary>
internal static class PlanDiff
{
    /// <summary>Only what differs, in the order of the wizard; everything when there was no plan before.</summary>
    public static IReadOnlyList<PlanChange> Between(PlanSpec? before, PlanSpec after)
    {
        List<PlanChange> changes = [];
        Add("Version", p => $"{p.Model} {p.Version}");
        if (before?.VersionId == after.VersionId || before is null)
        {
            Add("Digest", p => p.VersionDigest);
        }

        Add("Target", p => p.Target);
        Add("Environment", p => p.Environment.ToString().ToLowerInvariant());
        Add("Nodes", p => p.Nodes.Count == 0 ? "any" : string.Join(", ", p.Nodes));
        Add("Runtime", p => p.Runtime);
        Add("Replicas", p => p.Replicas.ToString());
        Add("CPU threads", p => p.Resources.CpuThreads.ToString());
        Add("Memory", p => PlanSentence.Memory(p.Resources.MemoryMiB));
        Add("GPUs", p => p.Resources.Gpus.ToString());
        AddVariables(changes, before, after);
        Add("Strategy", p => p.Strategy.Name);
        if (after.Strategy.Name == "rolling")
        {
            Add("Surge", p => p.Strategy.MaxSurge.ToString());
        }

        Add("Steps", p => p.Strategy.Steps.Count == 0 ? null : string.Join(" → ", p.Strategy.Steps.Select(s => StrategyWords.Step(p.Strategy.Name, s))));
        Add("Gates", p => p.Strategy.Gates.Count == 0 ? null : string.Join("; ", p.Strategy.Gates.Select(GateWords.Sentence)));
        Add("Keep the old", p => p.Strategy.Name == "blue-green" ? GateWords.Seconds(p.Strategy.KeepOldSeconds) : null);
        Add("When it fails", p => p.Strategy.RollBackOnFailure || p.Strategy.Steps.Count == 0 ? "goes back by itself" : "waits for a person");
        Add("Progress deadline", p => $"{p.Strategy.ProgressDeadlineSeconds} s");
        Add("Token", p => p.RequiresToken ? "required" : "not required");
        Add("Namespace", p => p.Kubernetes?.Namespace);
        Add("Image", p => p.Kubernetes?.Image);
        Add("Node labels", p => p.Kubernetes is { NodeSelector.Count: > 0 } k ? string.Join(", ", k.NodeSelector.Select(l => $"{l.Key}={l.Value}")) : null);
        Add("Nodes of the target", p => p.Kubernetes is { NodeFilter.Count: > 0 } k ? string.Join(", ", k.NodeFilter.Select(l => $"{l.Key}={l.Value}")) : null);
        Add("Tolerated taints", p => p.Kubernetes is { Tolerations.Count: > 0 } k ? string.Join(", ", k.Tolerations) : null);
        Add("Runtime class", p => p.Kubernetes?.RuntimeClass);
        Add("Priority class", p => p.Kubernetes?.PriorityClass);
        Add("Disk", p => p.Kubernetes is { DiskMiB: > 0 } k ? PlanSentence.Memory((int)Math.Min(k.DiskMiB, int.MaxValue)) : null);
        Add("GPU resource", p => p.Resources.Gpus > 0 ? p.Kubernetes?.GpuResource : null);
        Add("Autoscaling", p => p.Kubernetes?.Autoscaling is { } scaling ? Autoscaling(scaling) : null);
        Add("Host name", p => p.Kubernetes?.Hostname);
        return changes;

        void Add(string label, Func<PlanSpec, string?> read)
        {
            var (old, now) = (before is null ? null : read(before), read(after));
            if (old != now)
            {
                changes.Add(new(label, old, now));
            }
        }
    }

    /// <summary>Such as <c>2 to 10 replicas, CPU at 70 %</c>.</summary>
    internal static string Autoscaling(PlanAutoscaling scaling)
    {
        List<string> goals = [];
        if (scaling.CpuPercent is { } cpu)
        {
            goals.Add($"CPU at {cpu} %");
        }

        if (scaling.MemoryPercent is { } memory)
        {
            goals.Add($"memory at {memory} %");
        }

        if (scaling.PodMetric is { } metric)
        {
            goals.Add($"{metric} at {scaling.PodMetricAverage}");
        }

        return $"{scaling.MinReplicas} to {scaling.MaxReplicas} replicas, {string.Join(", ", goals)}";
    }

    private static void AddVariables(List<PlanChange> changes, PlanSpec? before, PlanSpec after)
    {
        var old = before?.EnvironmentVariables ?? new Dictionary<string, string>();
        foreach (var name in old.Keys.Union(after.EnvironmentVariables.Keys).Order(StringComparer.Ordinal))
        {
            var (was, becomes) = (old.GetValueOrDefault(name), after.EnvironmentVariables.GetValueOrDefault(name));
            if (was != becomes)
            {
                changes.Add(new($"Variable {name}", was, becomes));
            }
        }
    }
}
