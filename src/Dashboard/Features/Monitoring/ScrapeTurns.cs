using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Features.Monitoring;

/// <summary>A replica that may be asked for figures.</summary>
/// <param name="Endpoint">Whose.</param>
/// <param name="Replica">Which.</param>
/// <param name="Budget">What the read is taken from; null where reads are not limited.</param>
/// <param name="IsGated">Whether gates of a rollout wait for its figures.</param>
internal sealed record ScrapeTurn(EndpointRef Endpoint, ReplicaObservation Replica, FigureBudget? Budget, bool IsGated);

/// <summary>
/// Chooses which replicas a round asks where the way to them is limited: whoever was asked longest ago comes first, and those that gates wait for
/// have at least half of the budget. Not safe for several threads.
/// </summary>
internal sealed class ScrapeTurns(TimeProvider time)
{
    private readonly Dictionary<object, Way> ways = [];

    /// <summary>Chooses.</summary>
    /// <param name="candidates">All replicas that could be asked.</param>
    /// <param name="interval">How often there is a round.</param>
    /// <returns>Whom to ask now; and of endpoints whose replicas are asked less often than in each round, how often that is.</returns>
    public (IReadOnlyList<ScrapeTurn> Asked, IReadOnlyDictionary<Guid, TimeSpan> Seldom) Choose(IReadOnlyCollection<ScrapeTurn> candidates, TimeSpan interval)
    {
        var asked = candidates.Where(c => c.Budget is null).ToList();
        Dictionary<Guid, TimeSpan> seldom = [];
        var limited = candidates.Where(c => c.Budget is not null).GroupBy(c => c.Budget!.Way).ToList();
        foreach (var gone in ways.Keys.Except(limited.Select(g => g.Key)).ToList())
        {
            ways.Remove(gone);
        }

        foreach (var group in limited)
        {
            if (!ways.TryGetValue(group.Key, out var way))
            {
                ways[group.Key] = way = new(time.GetTimestamp());
            }

            Share(way, [.. group], interval, asked, seldom);
        }

        return (asked, seldom);
    }

    private void Share(Way way, List<ScrapeTurn> candidates, TimeSpan interval, List<ScrapeTurn> asked, Dictionary<Guid, TimeSpan> seldom)
    {
        var (now, perSecond) = (time.GetTimestamp(), candidates[0].Budget!.PerSecond);
        var most = perSecond * Math.Max(1, interval.TotalSeconds);
        way.Left = way.Asked.Count == 0 ? perSecond * interval.TotalSeconds : Math.Min(most, way.Left + (perSecond * time.GetElapsedTime(way.At, now).TotalSeconds));
        way.At = now;
        var (gated, others) = (candidates.Where(c => c.IsGated).ToList(), candidates.Where(c => !c.IsGated).ToList());
        var all = (int)way.Left;
        var first = Math.Min(gated.Count, Math.Max(all - others.Count, (all + 1) / 2));
        List<ScrapeTurn> chosen = [.. Longest(way, gated).Take(first), .. Longest(way, others).Take(all - first)];
        way.Left -= chosen.Count;

        var before = way.Asked;
        way.Asked = candidates.Where(c => before.ContainsKey(c.Replica.Id)).ToDictionary(c => c.Replica.Id, c => before[c.Replica.Id], StringComparer.Ordinal);
        foreach (var turn in chosen)
        {
            way.Asked[turn.Replica.Id] = now;
        }

        asked.AddRange(chosen);
        var gatedRate = Math.Min(gated.Count / interval.TotalSeconds, Math.Max(perSecond - (others.Count / interval.TotalSeconds), perSecond / 2));
        Note(gated, gatedRate, interval, seldom);
        Note(others, perSecond - gatedRate, interval, seldom);
    }

    private static IEnumerable<ScrapeTurn> Longest(Way way, IEnumerable<ScrapeTurn> turns) =>
        turns.OrderBy(t => way.Asked.GetValueOrDefault(t.Replica.Id, long.MinValue)).ThenBy(t => t.Replica.Id, StringComparer.Ordinal);

    private static void Note(List<ScrapeTurn> turns, double perSecond, TimeSpan interval, Dictionary<Guid, TimeSpan> seldom)
    {
        if (turns.Count > perSecond * interval.TotalSeconds)
        {
            // Whole seconds, so that what is shown stays the same while nothing of weight changes.
            var every = TimeSpan.FromSeconds(Math.Ceiling(turns.Count / perSecond));
            foreach (var turn in turns)
            {
                seldom[turn.Endpoint.Id] = every;
            }
        }
    }

    /// <summary>What is known of one way.</summary>
    private sealed class Way(long at)
    {
        public long At { get; set; } = at;

        public double Left { get; set; }

        public Dictionary<string, long> Asked { get; set; } = new(StringComparer.Ordinal);
    }
}
