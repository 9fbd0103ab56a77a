using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.Features.ModelStore.Stores.Pages;

/// <summary>All stores, where they are and whether they answer.</summary>
public sealed partial class StoresPage : IDisposable
{
    private IReadOnlyList<StoreRow>? rows;
    private StoreRow? tested;
    private IDisposable? ticks;
    private int tries;
    private bool gone;

    [Inject]
    internal StoreQueries Queries { get; set; } = default!;

    [Inject]
    public required Ticker Ticker { get; init; }

    private string FailingTitle
    {
        get
        {
            var names = rows!.Where(r => r.RetiredAt is null && r.State?.Problem is not null).Select(r => r.Name).ToList();
            return names.Count == 1 ? $"{names[0]} does not work" : $"{string.Join(", ", names)} do not work";
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        gone = true;
        ticks?.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        ticks = Ticker.Subscribe(() => _ = InvokeAsync(ReloadAsync));
        rows = await Queries.ListAsync();
    }

    private async Task ReloadAsync()
    {
        if (gone)
        {
            return;
        }

        try
        {
            rows = await Queries.ListAsync();
        }
        catch (Exception failure)
        {
            // Shown by the page's error boundary: a list that silently stopped would look healthy for ever.
            await DispatchExceptionAsync(failure);
            return;
        }

        StateHasChanged();
    }

    private void Test(StoreRow row) => (tested, tries) = (row, tries + 1);
}
