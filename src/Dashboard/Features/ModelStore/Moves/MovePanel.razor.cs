using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Live;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Moves;

public sealed partial class MovePanel
{
    private IReadOnlyList<string> others = [];
    private MoveView? move;
    private MoveProgress? progress;
    private string target = "";
    private string? error;
    private bool busy;

    /// <summary>The version.</summary>
    [Parameter, EditorRequired]
    public Guid VersionId { get; set; }

    /// <summary>The store it is in.</summary>
    [Parameter, EditorRequired]
    public string Store { get; set; } = "";

    /// <summary>A move has ended: the page reads the version again.</summary>
    [Parameter]
    public EventCallback OnEnded { get; set; }

    [Inject]
    internal MoveBoard Board { get; set; } = default!;

    [Inject]
    internal MoveCommands Commands { get; set; } = default!;

    [Inject]
    internal MoveQueries Queries { get; set; } = default!;

    [Inject]
    internal ModelStores Stores { get; set; } = default!;

    [Inject]
    internal CallerAccessor Callers { get; set; } = default!;

    /// <inheritdoc/>
    protected override void OnInitialized() => Watch(Board.Progress, ApplyAsync);

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        others = [.. Stores.All.Select(s => s.Name).Where(name => name != Store).Order(StringComparer.Ordinal)];
        target = others.Contains(target) || others.Count == 0 ? target : others[0];
        move = await Queries.LastAsync(VersionId, Ended);
    }

    private async Task ApplyAsync(FeedBatch<MoveProgress> batch)
    {
        var mine = batch.Items.FirstOrDefault(p => p.VersionId == VersionId);
        if (batch.Removed.Contains(VersionId.ToString()))
        {
            progress = null;
            move = await Queries.LastAsync(VersionId, Ended);
            await OnEnded.InvokeAsync();
        }
        else if (mine is not null || batch.IsSnapshot)
        {
            progress = mine;
            StateHasChanged();
        }
    }

    private Task MoveAsync() => DoAsync(caller => Commands.RequestAsync(caller, VersionId, target));

    private Task CancelAsync() => DoAsync(caller => Commands.CancelAsync(caller, VersionId));

    private async Task DoAsync(Func<Caller, Task<Result>> command)
    {
        if (busy)
        {
            return;
        }

        busy = true;
        try
        {
            error = (await command(await Callers.GetAsync())).Failure?.Message;
            move = await Queries.LastAsync(VersionId, Ended);
        }
        finally
        {
            busy = false;
        }
    }
}
