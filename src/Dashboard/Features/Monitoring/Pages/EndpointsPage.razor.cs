using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Features.Monitoring.Fleet;

namespace Ops.Dashboard.Features.Monitoring.Pages;

public sealed partial class EndpointsPage
{
    [Inject]
    public required NavigationManager Navigation { get; init; }

    /// <summary>Part of a name.</summary>
    [SupplyParameterFromQuery(Name = "q")]
    public string? Search { get; set; }

    /// <summary>One of <see cref="EndpointList.Choices"/>.</summary>
    [SupplyParameterFromQuery(Name = "health")]
    public string? HealthFilter { get; set; }

    /// <summary>A column's key, with a minus in front for the other direction; the worst first without it.</summary>
    [SupplyParameterFromQuery(Name = "sort")]
    public string? SortKey { get; set; }

    protected override IEnumerable<EndpointTile> Choose(IEnumerable<EndpointTile> all) => EndpointList.Filter(all, Search, HealthFilter);

    protected override IEnumerable<EndpointTile> Sort(IEnumerable<EndpointTile> chosen) => EndpointList.Sort(chosen, SortKey);

    private string? SortedBy(EndpointColumn column) => column.Key is null ? null
        : column.Key == SortKey ? "ascending"
        : "-" + column.Key == SortKey ? "descending"
        : null;

    // Numbers begin with the largest, names with the first; a third press goes back to the worst first.
    private string SortLink(EndpointColumn column)
    {
        var (first, second) = column.IsNumber ? ("-" + column.Key, column.Key) : (column.Key, "-" + column.Key);
        return Navigation.GetUriWithQueryParameter("sort", SortKey == first ? second : SortKey == second ? null : first);
    }
}
