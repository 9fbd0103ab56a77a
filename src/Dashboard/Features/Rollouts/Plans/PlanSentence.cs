using System.Globalization;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Rollouts.Plans;

/// <summary>Says in words what a plan will do. Pure.</summary>
internal static class PlanSentence
{
    /// <summary>Such as <c>2 replicas of digits 3 on this machine, 1 thread and 512 MiB each; rolling, one at a time.</c></summary>
    /// <param name="plan">The plan.</param>
    /// <param name="targetKind">One of <see cref="TargetKinds"/>; the local machine is called "this machine".</param>
    public static string Of(PlanSpec plan, string targetKind)
    {
        var replicas = plan.Replicas == 1 ? "1 replica" : $"{plan.Replicas} replicas";
        var place = targetKind == TargetKinds.Local ? "this machine" : plan.Target;
        if (plan.Nodes.Count > 0 && targetKind != TargetKinds.Local)
        {
            place += $" ({string.Join(", ", plan.Nodes)})";
        }

        List<string> each = [plan.Resources.CpuThreads == 1 ? "1 thread" : $"{plan.Resources.CpuThreads} threads"];
        if (plan.Resources.Gpus > 0)
        {
            each.Add(plan.Resources.Gpus == 1 ? "1 GPU" : $"{plan.Resources.Gpus} GPUs");
        }

        var resources = $"{string.Join(", ", each)} and {Memory(plan.Resources.MemoryMiB)}{(plan.Replicas == 1 ? "" : " each")}";
        var token = plan.RequiresToken ? " Clients need a token." : "";
        return $"{replicas} of {plan.Model} {plan.Version} on {place}, {resources}; {StrategyWords.Of(plan.Strategy)}.{token}";
    }

    /// <summary>Such as <c>512 MiB</c> and <c>1.5 GiB</c>.</summary>
    public static string Memory(int mebibytes) => mebibytes < 1024
        ? $"{mebibytes} MiB"
        : $"{(mebibytes / 1024d).ToString(mebibytes % 1024 == 0 ? "0" : "0.##", CultureInfo.InvariantCulture)} GiB";
}
