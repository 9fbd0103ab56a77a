using Ops.Dashboard.Features.Monitoring.Fleet;

namespace Ops.Dashboard.Features.Monitoring.Pages;

/// <summary>One column of the list. Without a key it cannot be sorted by.</summary>
internal sealed record EndpointColumn(string? Key, string Text, bool IsNumber, Func<EndpointTile, object?>? Value = null);

/// <summary>Filtering and sorting of the list of endpoints. Pure.</summary>
internal static class EndpointList
{
    /// <summary>The choices of the health filter.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Choices { get; } =
    [
        new("burning", "Burning"),
        new("degraded", "Degraded"),
        new("rolling", "Rolling out"),
        new("waiting", "Waiting for approval"),
        new("healthy", "Healthy"),
        new("idle", "Idle"),
        new("retired", "Retired"),
    ];

    /// <summary>The columns from left to right.</summary>
    public static IReadOnlyList<EndpointColumn> Columns { get; } =
    [
        new("name", "Name", false, t => t.Facts.Name),
        new(null, "Health", false),
        new("environment", "Environment", false, t => t.Facts.EnvironmentKey),
        new("target", "Target", false, t => t.Facts.Target),
        new("version", "Version", false, t => t.Facts.Stable?.Name ?? ""),
        new(null, "Ready", true),
        new("rate", "Requests", true, t => t.Rate),
        new("errors", "Errors", true, t => t.ErrorShare),
        new("p95", "p95", true, t => t.P95),
        new(null, "5 minutes", false),
        new(null, "Now", false),
    ];

    /// <summary>The endpoints that fit. Retired ones are seen only when asked for.</summary>
    public static IEnumerable<EndpointTile> Filter(IEnumerable<EndpointTile> all, string? search, string? health)
    {
        var words = (search ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return all.Where(t => Fits(t, health) && words.All(word => Texts(t).Any(text => text.Contains(word, StringComparison.OrdinalIgnoreCase))));
    }

    /// <summary>By a column, or the worst first.</summary>
    public static IEnumerable<EndpointTile> Sort(IEnumerable<EndpointTile> chosen, string? key)
    {
        var descending = key?.StartsWith('-') == true;
        if (Columns.FirstOrDefault(c => c.Key is not null && c.Key == key?.TrimStart('-')) is not { Value: { } value } column)
        {
            return TileOrder.WorstFirst(chosen);
        }

        // What is not known comes last in either direction.
        var known = chosen.OrderBy(t => value(t) is double number && double.IsNaN(number));
        return column.IsNumber
            ? (descending ? known.ThenByDescending(value) : known.ThenBy(value)).ThenBy(t => t.Facts.Name, StringComparer.Ordinal)
            : (descending ? known.ThenByDescending(t => (string)value(t)!, StringComparer.Ordinal) : known.ThenBy(t => (string)value(t)!, StringComparer.Ordinal)).ThenBy(t => t.Facts.Name, StringComparer.Ordinal);
    }

    private static bool Fits(EndpointTile tile, string? health) => health switch
    {
        "retired" => tile.IsRetired,
        _ when tile.IsRetired => false,
        "burning" => tile.Health == Health.Burning,
        "degraded" => tile.Health == Health.Degraded,
        "rolling" => tile.IsRolling,
        "waiting" => tile.Facts.Waiting > 0,
        "healthy" => tile.Health == Health.Healthy,
        "idle" => tile.Health == Health.Idle,
        _ => true,
    };

    private static IEnumerable<string> Texts(EndpointTile tile) =>
        [tile.Facts.Name, tile.Facts.Target, tile.Facts.Stable?.Name ?? "", tile.Facts.Rollout?.Plan?.Name ?? "", tile.Facts.OwnerName];
}
