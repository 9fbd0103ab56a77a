using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Features.Registry.Queries;

namespace Ops.Dashboard.Features.Registry.Pages;

public sealed partial class ModelsPage
{
    private static readonly IReadOnlyList<KeyValuePair<string, string>> States =
        [new(ModelListFilter.ArchivedState, "Archived"), new(ModelListFilter.AllState, "In use and archived")];

    private ModelListFilter filter = new();
    private ModelRows? page;
    private bool isRegistryEmpty;
    private (string?, string?, string?, string?, string?, string?) shown;

    [Inject]
    internal ModelQueries Models { get; set; } = default!;

    [SupplyParameterFromQuery(Name = "q")]
    public string? Search { get; set; }

    [SupplyParameterFromQuery]
    public string? Format { get; set; }

    [SupplyParameterFromQuery]
    public string? State { get; set; }

    [SupplyParameterFromQuery]
    public string? Sort { get; set; }

    [SupplyParameterFromQuery]
    public string? After { get; set; }

    [SupplyParameterFromQuery]
    public string? Before { get; set; }

    protected override async Task OnParametersSetAsync()
    {
        var asked = (Search, Format, State, Sort, After, Before);
        if (page is not null && asked == shown)
        {
            return;
        }

        shown = asked;
        var wanted = ModelListFilter.Parse(Search, Format, State, Sort);
        var found = await Models.ListAsync(wanted, After, Before, Ended);
        var nothing = found.Rows.Count == 0 && !await Models.AnyAsync(Ended);

        // Of two answers that overtook each other, the one to the last question counts.
        if (asked == shown)
        {
            (filter, page, isRegistryEmpty) = (wanted, found, nothing);
        }
    }
}
