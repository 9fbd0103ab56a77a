using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Stores.Pages;

/// <summary>One store: its settings, its test, what it is the default of, and its end.</summary>
public sealed partial class StorePage : IDisposable
{
    private StoreDetails? details;
    private StoreRow? row;
    private IDisposable? ticks;
    private string? error;
    private string? shown;
    private bool loaded;
    private bool busy;
    private bool gone;

    /// <summary>Its name.</summary>
    [Parameter]
    public string Name { get; set; } = "";

    [Inject]
    internal StoreQueries Queries { get; set; } = default!;

    [Inject]
    internal StoreUseCommands Commands { get; set; } = default!;

    [Inject]
    internal StoreForms Forms { get; set; } = default!;

    [Inject]
    internal CallerAccessor Callers { get; set; } = default!;

    [Inject]
    public required Ticker Ticker { get; init; }

    [Inject]
    public required ConfirmService Confirm { get; init; }

    [Inject]
    public required ToastService Toasts { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        gone = true;
        ticks?.Dispose();
    }

    /// <inheritdoc/>
    protected override void OnInitialized() => ticks = Ticker.Subscribe(() => _ = InvokeAsync(LookAgainAsync));

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        if (shown != Name)
        {
            (shown, error) = (Name, null);
            await LoadAsync();
        }
    }

    private Task SetDefaultAsync(StoreDefaultScope scope) =>
        DoAsync(async caller => await Commands.SetDefaultAsync(caller, row!.Id, scope), $"{row!.Name} is the default {StoreWords.For(scope)} now.");

    private Task ClearDefaultAsync(StoreDefaultScope scope) =>
        DoAsync(async caller => await Commands.ClearDefaultAsync(caller, scope), $"There is no default {StoreWords.For(scope)} any more.");

    private Task RestoreAsync() => DoAsync(async caller => await Commands.RestoreAsync(caller, row!.Id, row.Revision), $"{row!.Name} is in use again.");

    private async Task RetireAsync()
    {
        var answer = await Confirm.AskAsync(new(
            "Retire the store?", $"{row!.Name} takes no new versions any more. Its bytes stay where they are, and it can be taken back.", "Retire", Danger: true, ReasonRequired: true));
        if (answer.Confirmed)
        {
            await DoAsync(async caller => await Commands.RetireAsync(caller, row.Id, row.Revision, answer.Reason), "Retired.");
        }
    }

    private async Task DoAsync(Func<Caller, Task<Result>> command, string done)
    {
        if (busy)
        {
            return;
        }

        busy = true;
        try
        {
            var result = await command(await Callers.GetAsync());
            error = result.Failure?.Message;
            if (result.Succeeded)
            {
                Toasts.Done(done);
            }

            await LoadAsync();
        }
        finally
        {
            busy = false;
        }
    }

    private async Task LoadAsync()
    {
        details = await Queries.FindAsync(Name);
        row = (await Queries.ListAsync()).FirstOrDefault(r => r.Name == Name);
        loaded = true;
    }

    // The state and what it holds; what is being typed in the form stays.
    private async Task LookAgainAsync()
    {
        if (gone || busy)
        {
            return;
        }

        row = (await Queries.ListAsync()).FirstOrDefault(r => r.Name == Name);
        StateHasChanged();
    }
}
