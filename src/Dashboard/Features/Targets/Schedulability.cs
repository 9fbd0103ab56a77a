using System.Globalization;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets;

/// <summary>Whether a plan can run on a node.</summary>
/// <param name="Refusals">Why it cannot; empty when it can.</param>
/// <param name="Warnings">What to know although it can.</param>
internal sealed record SchedulabilityVerdict(IReadOnlyList<string> Refusals, IReadOnlyList<string> Warnings)
{
    /// <summary>Whether it can run there.</summary>
    public bool Fits => Refusals.Count == 0;
}

/// <summary>What the endpoint at hand was promised on a node already; it is given back when its replicas are replaced.</summary>
internal readonly record struct PromisedResources(double CpuThreads, long MemoryBytes, int Gpus)
{
    /// <summary>The promises of some replicas.</summary>
    public static PromisedResources Of(PlanResources resources, int replicas) =>
        new((double)resources.CpuThreads * replicas, (long)resources.MemoryMiB * Schedulability.MiB * replicas, resources.Gpus * replicas);
}

/// <summary>Compares what a plan asks for with what a node has left. Pure: the wizard shows it, the plan command refuses by it.</summary>
internal static class Schedulability
{
    /// <summary>Bytes in a MiB.</summary>
    public const long MiB = 1024 * 1024;

    /// <summary>Below this a runtime that has loaded no model yet is stopped for using too much already.</summary>
    public const int LeastMemoryMiB = 128;

    /// <summary>Checks a plan against one node.</summary>
    /// <param name="resources">What each replica gets.</param>
    /// <param name="replicas">How many.</param>
    /// <param name="strategy">How the old ones are replaced: those that run side by side are counted together.</param>
    /// <param name="node">The machine with what all running replicas were promised.</param>
    /// <param name="mine">The part of those promises that belongs to this endpoint.</param>
    public static SchedulabilityVerdict Check(PlanResources resources, int replicas, PlanStrategy strategy, Node node, PromisedResources mine)
    {
        List<string> refusals = [];
        List<string> warnings = [];
        var wanted = PromisedResources.Of(resources, replicas);
        var surge = strategy.Name == "recreate" ? default : PromisedResources.Of(resources, mine.MemoryBytes == 0 ? 0 : strategy.MaxSurge);

        CheckMemory(resources, wanted, surge, node, mine, refusals, warnings);
        CheckGpus(resources, wanted, surge, node, refusals);
        CheckCpu(resources, wanted, surge, node, mine, warnings);
        return new(refusals, warnings);
    }

    private static void CheckMemory(
        PlanResources resources, PromisedResources wanted, PromisedResources surge, Node node, PromisedResources mine, List<string> refusals, List<string> warnings)
    {
        if (resources.MemoryMiB < LeastMemoryMiB)
        {
            refusals.Add($"a replica needs at least {LeastMemoryMiB} MiB, this plan gives it {resources.MemoryMiB} MiB");
            return;
        }

        var others = Math.Max(0, node.MemoryPromisedBytes - mine.MemoryBytes);
        var left = Math.Max(0, node.MemoryBytes - others);
        var peak = Math.Max(wanted.MemoryBytes, mine.MemoryBytes) + surge.MemoryBytes;
        if (wanted.MemoryBytes > left)
        {
            refusals.Add($"needs {Size(wanted.MemoryBytes)} of memory, {Size(left)} of {Size(node.MemoryBytes)} are not promised to others");
        }
        else if (surge.MemoryBytes > 0 && peak > left)
        {
            refusals.Add(
                $"needs {Size(peak)} of memory while old and new replicas run side by side, {Size(left)} of {Size(node.MemoryBytes)} are not promised to others; strategy recreate needs less");
        }
        else if (wanted.MemoryBytes - mine.MemoryBytes > node.MemoryFreeBytes)
        {
            warnings.Add($"needs {Size(wanted.MemoryBytes)} of memory, only {Size(node.MemoryFreeBytes)} are free at the moment");
        }
    }

    private static void CheckGpus(PlanResources resources, PromisedResources wanted, PromisedResources surge, Node node, List<string> refusals)
    {
        if (resources.Gpus == 0)
        {
            return;
        }

        if (node.Gpus.Count == 0)
        {
            refusals.Add($"needs {Count(resources.Gpus, "GPU")}, this machine has none");
        }
        else if (wanted.Gpus + surge.Gpus > node.Gpus.Count)
        {
            refusals.Add($"needs {Count(wanted.Gpus + surge.Gpus, "GPU")}, this machine has {node.Gpus.Count}");
        }
    }

    private static void CheckCpu(
        PlanResources resources, PromisedResources wanted, PromisedResources surge, Node node, PromisedResources mine, List<string> warnings)
    {
        var others = Math.Max(0, node.CpuPromised - mine.CpuThreads);
        if (resources.CpuThreads > node.CpuCores)
        {
            warnings.Add($"a replica asks for {Count(resources.CpuThreads, "thread")}, this machine has {Count(node.CpuCores, "core")}");
        }

        if (wanted.CpuThreads + surge.CpuThreads + others > node.CpuCores)
        {
            warnings.Add($"needs {Count(wanted.CpuThreads + surge.CpuThreads, "thread")}, {Number(others)} of {Count(node.CpuCores, "core")} are promised to others: replicas will share");
        }
    }

    private static string Size(long bytes) => bytes >= 1024 * MiB
        ? $"{(bytes / (1024.0 * MiB)).ToString("0.#", CultureInfo.InvariantCulture)} GiB"
        : $"{bytes / MiB} MiB";

    private static string Count(double count, string word) => $"{Number(count)} {word}{(count == 1 ? "" : "s")}";

    private static string Number(double count) => count.ToString("0.##", CultureInfo.InvariantCulture);
}
