namespace Ops.Dashboard.Features.Rollouts.Strategies;

/// <summary>
/// Replaces replicas a few at a time. How many old replicas are wanted depends only on how many new ones are ready, never on how many
/// old ones happen to be seen: as many are kept as are missing to the count the endpoint had before. So ready capacity is not given
/// away before its replacement answers, and it comes back when a new replica that was ready dies.
/// </summary>
/// <remarks>Relies on drivers taking replicas that are not ready down first.</remarks>
internal sealed class RollingStrategy : IStrategy
{
    /// <inheritdoc/>
    public string Name => "rolling";

    /// <inheritdoc/>
    public string Description => "Starts new replicas a few at a time and stops an old one only when a new one is ready. Requests are answered throughout.";

    /// <inheritdoc/>
    public Step Next(StrategyInput input)
    {
        var before = Before(input);
        var limit = Math.Max(before, input.To.Replicas) + input.MaxSurge;
        var readyNew = input.Ready(input.To);
        var isComplete = readyNew >= input.To.Replicas;

        var replicas = Kept(input, isComplete ? 0 : Math.Max(0, before - readyNew));
        var share = Math.Clamp(limit - replicas.Values.Sum(), 0, input.To.Replicas);

        // What is there counts against the limit until it is gone, also what is stopping: it still uses its memory.
        var room = Math.Max(0, limit - input.Replicas.Count);
        if (input.Stable is { } stable)
        {
            var running = input.Running(stable);
            var grown = Math.Clamp(replicas[stable.Id] - running, 0, room);
            room -= grown;
            replicas[stable.Id] = Math.Min(replicas[stable.Id], running + grown);
        }

        // Only replicas that are known to be dead make room for old ones: after a restart of the dashboard all look unready for a moment.
        var runningNew = input.Running(input.To);
        var alive = Math.Min(runningNew - input.Dead(input.To), input.To.Replicas);
        replicas[input.To.Id] = input.IsPaused
            ? Math.Min(runningNew, input.To.Replicas)
            : Math.Max(alive, Math.Min(share, runningNew + room));
        foreach (var (planId, _) in replicas.Where(pair => pair.Value == 0).ToList())
        {
            replicas.Remove(planId);
        }

        return new()
        {
            Replicas = replicas,
            Serving = new HashSet<Guid>(replicas.Keys) { input.To.Id },
            Status = Sentences.Progress(input, isComplete),
            StepIndex = input.Strategy.Steps.Count,
            IsDone = isComplete && input.PresentOthers == 0 && input.Present(input.To) == input.To.Replicas && !input.IsPaused,
        };
    }

    /// <summary>How many replicas the endpoint had before: what the stable plan or, where more, one that is partly there asked for.</summary>
    internal static int Before(StrategyInput input) => Math.Max(
        input.Stable?.Replicas ?? 0,
        input.Leftovers.Where(leftover => input.Useful(leftover) > 0).Select(leftover => leftover.Replicas).DefaultIfEmpty().Max());

    private static Dictionary<Guid, int> Kept(StrategyInput input, int capacity)
    {
        // The one that asked for most is kept longest, because the count to hold is read from it.
        List<PlanCount> olds = [.. input.Olds.OrderByDescending(plan => plan.Replicas)];
        var kept = olds.ToDictionary(plan => plan.Id, _ => 0);
        var missing = capacity;

        // What answers comes first, then what is about to; the rest is up to the stable plan. Leftovers are never started anew.
        Keep(input.Ready);
        Keep(plan => input.Useful(plan) - input.Ready(plan));
        if (input.Stable is { } stable)
        {
            kept[stable.Id] = Math.Min(stable.Replicas, kept[stable.Id] + missing);
        }

        foreach (var plan in olds.Where(_ => input.IsPaused))
        {
            kept[plan.Id] = Math.Max(kept[plan.Id], plan == input.Stable ? Math.Min(plan.Replicas, input.Running(plan)) : input.Useful(plan));
        }

        return kept;

        void Keep(Func<PlanCount, int> there)
        {
            foreach (var plan in olds)
            {
                var count = Math.Min(missing, there(plan));
                kept[plan.Id] += count;
                missing -= count;
            }
        }
    }
}
