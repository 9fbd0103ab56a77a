using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Commands;

namespace Ops.Dashboard.Features.ModelStore.Stores.Pages;

public sealed partial class StoreTest : IDisposable
{
    private readonly List<StoreCheck> checks = [];
    private CancellationTokenSource? run;
    private string? error;
    private bool running;
    private bool tested;
    private bool cancelled;

    /// <summary>The store.</summary>
    [Parameter, EditorRequired]
    public Guid StoreId { get; set; }

    /// <summary>Its name.</summary>
    [Parameter, EditorRequired]
    public string Name { get; set; } = "";

    /// <summary>Begins as soon as it is there.</summary>
    [Parameter]
    public bool AtOnce { get; set; }

    [Inject]
    internal StoreCommands Commands { get; set; } = default!;

    [Inject]
    internal CallerAccessor Callers { get; set; } = default!;

    [Inject]
    public required NavigationManager Navigation { get; init; }

    /// <inheritdoc/>
    public void Dispose() => run?.Cancel();

    /// <inheritdoc/>
    protected override Task OnInitializedAsync() => AtOnce ? RunAsync() : Task.CompletedTask;

    private async Task RunAsync()
    {
        if (running)
        {
            return;
        }

        (running, tested, cancelled, error) = (true, true, false, null);
        checks.Clear();
        using var mine = new CancellationTokenSource();
        run = mine;
        try
        {
            var result = await Commands.TestAsync(await Callers.GetAsync(), StoreId, ChecksOf.Page(Navigation, Add), mine.Token);
            error = result.Failure?.Message;
            if (result.Succeeded)
            {
                checks.Clear();
                checks.AddRange(result.Value);
            }
        }
        catch (OperationCanceledException) when (mine.IsCancellationRequested)
        {
            cancelled = true;
        }
        finally
        {
            run = null;
            running = false;
        }
    }

    private void Cancel() => run?.Cancel();

    private void Add(StoreCheck check) => _ = InvokeAsync(() =>
    {
        if (running)
        {
            checks.Add(check);
            StateHasChanged();
        }
    });
}
