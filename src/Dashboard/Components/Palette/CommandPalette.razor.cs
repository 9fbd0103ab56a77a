using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.JSInterop;
using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.Components.Palette;

public sealed partial class CommandPalette : IAsyncDisposable
{
    private const int MostPerSource = 8;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(90);
    private ElementReference dialog;
    private DialogModule? module;
    private CancellationTokenSource? search;
    private IReadOnlyList<Group> groups = [];
    private IReadOnlyList<CommandItem> items = [];
    private string query = "";
    private bool open;
    private bool shown;
    private bool searching;
    private int selected;

    [Inject]
    public required IEnumerable<ICommandSource> Sources { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required IJSRuntime Js { get; init; }

    [Inject]
    public required TimeProvider Time { get; init; }

    [Inject]
    public required ILogger<CommandPalette> Logger { get; init; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Cancel();
        if (module is not null)
        {
            await module.DisposeAsync();
        }
    }

    protected override void OnInitialized() => module = new DialogModule(Js);

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (shown == open || module is null)
        {
            return;
        }

        shown = open;
        if (open)
        {
            await module.OpenAsync(dialog, "[role=combobox]");
        }
        else
        {
            await module.CloseAsync(dialog);
        }
    }

    private async Task OpenAsync()
    {
        if (!open)
        {
            open = true;
            query = "";
            await SearchAsync(TimeSpan.Zero);
        }
    }

    private void Close()
    {
        Cancel();
        open = false;
        (groups, items, selected) = ([], [], 0);
    }

    private Task TypedAsync(ChangeEventArgs change)
    {
        query = change.Value as string ?? "";
        return SearchAsync(Pause);
    }

    private async Task PressedAsync(KeyboardEventArgs key)
    {
        if (key.Key == "Escape")
        {
            Close();
        }
        else if (items.Count > 0 && key.Key is "ArrowDown" or "ArrowUp")
        {
            selected = (selected + (key.Key == "ArrowDown" ? 1 : items.Count - 1)) % items.Count;
            await module!.ScrollToOptionAsync(OptionId(selected));
        }
        else if (key.Key == "Enter" && selected < items.Count)
        {
            Go(items[selected]);
        }
    }

    private void Go(CommandItem item)
    {
        Close();
        Navigation.NavigateTo(item.Href);
    }

    private async Task SearchAsync(TimeSpan pause)
    {
        Cancel();
        var mine = search = new CancellationTokenSource();
        searching = true;
        try
        {
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, Time, mine.Token);
            }

            var found = await Task.WhenAll(Sources.OrderBy(source => source.Order).Select(source => AskAsync(source, query.Trim(), mine.Token)));
            if (mine.IsCancellationRequested)
            {
                return;
            }

            var first = 0;
            var next = new List<Group>();
            foreach (var (name, results) in found.Where(result => result.Items.Count > 0))
            {
                next.Add(new Group(name, first, results));
                first += results.Count;
            }

            (groups, items, selected, searching) = (next, [.. next.SelectMany(group => group.Items)], 0, false);
        }
        catch (OperationCanceledException) when (mine.IsCancellationRequested)
        {
            // Something newer was typed, or the palette was closed.
        }
    }

    // A source that fails costs its own results, not the palette.
    private async Task<(string Name, IReadOnlyList<CommandItem> Items)> AskAsync(ICommandSource source, string text, CancellationToken cancellationToken)
    {
        try
        {
            var results = await source.SearchAsync(text, cancellationToken);
            return (source.Name, [.. results.Take(MostPerSource)]);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            ComponentsLog.CommandSourceFailed(Logger, source.Name, failure);
            return (source.Name, []);
        }
    }

    private void Cancel()
    {
        search?.Cancel();
        search?.Dispose();
        search = null;
        searching = false;
    }

    private static string OptionId(int index) => $"palette-option-{index}";

    private sealed record Group(string Name, int First, IReadOnlyList<CommandItem> Items);
}
