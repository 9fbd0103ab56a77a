namespace Ops.Dashboard.Features.Monitoring.Fleet;

/// <summary>
/// The order of endpoints on one screen. A new order is taken at most every ten seconds, so that an endpoint on the edge of a limit
/// does not make everything jump under the reader's eyes; what is new or gone appears or goes at once.
/// </summary>
internal sealed class TileOrder
{
    /// <summary>The shortest time between two new orders.</summary>
    public static readonly TimeSpan Calm = TimeSpan.FromSeconds(10);

    private List<Guid> order = [];
    private DateTimeOffset? changedAt;

    /// <summary>The place of an endpoint; smaller comes first.</summary>
    public static int Rank(EndpointTile tile) => tile.Health switch
    {
        Health.Burning => 0,
        Health.Degraded => 1,
        _ when tile.IsRolling => 2,
        Health.Healthy => 3,
        _ => 4,
    };

    /// <summary>Worst first, then by name.</summary>
    public static IEnumerable<EndpointTile> WorstFirst(IEnumerable<EndpointTile> tiles) =>
        tiles.OrderBy(Rank).ThenBy(t => t.Facts.Name, StringComparer.Ordinal);

    /// <summary>Lets the next order be taken at once: the reader asked for another one.</summary>
    public void Reset() => order = [];

    /// <summary>The endpoints in the order to show now.</summary>
    /// <param name="sorted">All of them in the order that would be right.</param>
    /// <param name="now">The time.</param>
    public IReadOnlyList<EndpointTile> Arrange(IEnumerable<EndpointTile> sorted, DateTimeOffset now)
    {
        var wanted = sorted.ToList();
        var byId = wanted.ToDictionary(t => t.Facts.Id);
        var kept = order.Where(byId.ContainsKey).ToList();
        if (order.Count == 0)
        {
            kept = [.. wanted.Select(t => t.Facts.Id)];
        }
        else
        {
            // A newcomer takes its place behind the one it ought to follow, without moving others.
            var known = kept.ToHashSet();
            for (var i = 0; i < wanted.Count; i++)
            {
                if (!known.Contains(wanted[i].Facts.Id))
                {
                    kept.Insert(i == 0 ? 0 : kept.IndexOf(wanted[i - 1].Facts.Id) + 1, wanted[i].Facts.Id);
                }
            }

            if (!kept.SequenceEqual(wanted.Select(t => t.Facts.Id)) && (changedAt is null || now - changedAt >= Calm))
            {
                kept = [.. wanted.Select(t => t.Facts.Id)];
                changedAt = now;
            }
        }

        order = kept;
        return [.. order.Select(id => byId[id])];
    }
}
