using Microsoft.AspNetCore.Components;

namespace Ops.Dashboard.Features.ModelStore.Recording;

public sealed partial class CommitFacts
{
    private (string Store, string Model, int Number) asked;
    private FoundVersion? found;
    private string? problem;
    private bool isKept;

    /// <summary>The store that the version is in.</summary>
    [Parameter, EditorRequired]
    public string Store { get; set; } = "";

    /// <summary>The name of its model.</summary>
    [Parameter, EditorRequired]
    public string Model { get; set; } = "";

    /// <summary>Its number.</summary>
    [Parameter, EditorRequired]
    public int Number { get; set; }

    [Inject]
    internal WrittenVersions Written { get; set; } = default!;

    /// <inheritdoc/>
    protected override void OnParametersSet()
    {
        isKept = Written.IsKeptBy(Store);
        if (asked != (Store, Model, Number))
        {
            (found, problem) = (null, null);
        }
    }

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        // The store may be far away; the page does not wait for it.
        if (isKept && asked != (Store, Model, Number))
        {
            await LoadAsync();
            StateHasChanged();
        }
    }

    private async Task LoadAsync()
    {
        var asking = asked = (Store, Model, Number);
        (found, problem) = (null, null);
        var result = await Written.FindAsync(asking.Store, asking.Model, asking.Number, Ended);
        if (asking == (Store, Model, Number))
        {
            (found, problem) = (result.Succeeded ? result.Value : null, result.Failure?.Message);
        }
    }
}
