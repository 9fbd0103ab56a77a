namespace Ops.Dashboard.Features.Monitoring.Charts;

/// <summary>Short names of replicas, unique among those shown together.</summary>
internal static class ReplicaNames
{
    private const int Shortest = 4;

    /// <summary>The ends of the ids, as long as it takes to tell them apart.</summary>
    public static IReadOnlyDictionary<string, string> Shorten(IReadOnlyCollection<string> ids)
    {
        for (var length = Shortest; ; length += 2)
        {
            var names = ids.ToDictionary(id => id, id => id.Length <= length ? id : id[^length..], StringComparer.Ordinal);
            if (names.Values.Distinct(StringComparer.Ordinal).Count() == names.Count || ids.All(id => id.Length <= length))
            {
                return names;
            }
        }
    }
}
