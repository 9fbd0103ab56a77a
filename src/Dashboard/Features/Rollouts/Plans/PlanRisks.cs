using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Rollouts.Plans;

/// <summary>How much a note on a plan should catch the eye.</summary>
internal enum RiskLevel
{
    /// <summary>Good to know.</summary>
    Note,

    /// <summary>Look twice.</summary>
    Caution,
}

/// <summary>One thing to look at before saying yes.</summary>
internal sealed record RiskNote(RiskLevel Level, string Message);

/// <summary>What a person should look at before saying yes to a plan. Pure.</summary>
internal static class PlanRisks
{
    /// <summary>The notes on a change from <paramref name="before"/> (null: nothing ran) to <paramref name="after"/>, the gravest first.</summary>
    public static IReadOnlyList<RiskNote> Of(PlanSpec? before, PlanSpec after)
    {
        List<RiskNote> notes = [];
        if (after.Environment == TargetEnvironment.Production)
        {
            Caution("It changes production.");
        }

        if (before?.RequiresToken == true && !after.RequiresToken)
        {
            Caution("Anybody who reaches the endpoint may call it: a token is no longer required.");
        }

        if (before?.RequiresToken == false && after.RequiresToken)
        {
            Caution("Clients that send no token are refused as soon as it starts.");
        }

        if (TokenWords.Unasked(after) is { } unasked)
        {
            notes.Add(new(before is not null && TokenWords.Unasked(before) == unasked ? RiskLevel.Note : RiskLevel.Caution, unasked));
        }

        if (after.Strategy.Name == "recreate" && before is not null)
        {
            Caution("The endpoint answers nothing between the old replicas and the new ones.");
        }

        if (after.Strategy is { Steps.Count: > 0, Gates.Count: 0 })
        {
            Caution("No gate checks the new version between the steps: only that its replicas are ready counts.");
        }

        if (before?.Kubernetes is { } old && after.Kubernetes is { } now && old.Image != now.Image)
        {
            Note("Another image of the runtime.");
        }

        if (before is null)
        {
            Note("Nothing has run on this endpoint: if it fails, there is nothing to go back to.");
            return Sorted();
        }

        if (before.Model != after.Model)
        {
            Caution($"Another model: {before.Model} becomes {after.Model}. Clients that name the model in the path must change it.");
        }
        else if (after.Version < before.Version)
        {
            Note($"An older version: {before.Version} becomes {after.Version}.");
        }

        if (after.Replicas < before.Replicas)
        {
            Caution($"Fewer replicas: {before.Replicas} become {after.Replicas}.");
        }

        if (Total(after, r => r.MemoryMiB) > Total(before, r => r.MemoryMiB))
        {
            Note($"More memory: {PlanSentence.Memory(Total(before, r => r.MemoryMiB))} in all becomes {PlanSentence.Memory(Total(after, r => r.MemoryMiB))}.");
        }

        if (Total(after, r => r.CpuThreads) > Total(before, r => r.CpuThreads))
        {
            Note($"More threads: {Total(before, r => r.CpuThreads)} in all become {Total(after, r => r.CpuThreads)}.");
        }

        return Sorted();

        void Caution(string message) => notes.Add(new(RiskLevel.Caution, message));
        void Note(string message) => notes.Add(new(RiskLevel.Note, message));
        IReadOnlyList<RiskNote> Sorted() => [.. notes.OrderByDescending(n => n.Level)];
    }

    private static int Total(PlanSpec plan, Func<PlanResources, int> read) => plan.Replicas * read(plan.Resources);
}
