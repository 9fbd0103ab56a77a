using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Components.Layout;
using Ops.Dashboard.Live;

namespace Ops.Dashboard.Features.Targets.Pages;

/// <summary>All targets with their health.</summary>
public sealed partial class TargetsPage
{
    private SortedDictionary<string, TargetView>? views;

    [Inject]
    internal TargetsFeed Feed { get; set; } = default!;

    [Inject]
    public required EnvironmentFilter Filter { get; init; }

    private List<TargetView> Shown => [.. views!.Values.Where(v => Filter.Current is null || v.Environment.Word() == Filter.Current)];

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        Filter.Changed -= StateHasChanged;
        await base.DisposeAsync();
    }

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        Filter.Changed += StateHasChanged;
        Watch(Feed.Views, Take);
    }

    private void Take(FeedBatch<TargetView> batch)
    {
        // The snapshot before the first reading has nothing in it, which does not mean that there are no targets.
        if (batch.IsSnapshot && batch.Items.Count == 0)
        {
            return;
        }

        views = batch.IsSnapshot || views is null ? new(StringComparer.Ordinal) : views;
        foreach (var view in batch.Items)
        {
            views[view.Name] = view;
        }

        foreach (var gone in batch.Removed)
        {
            views.Remove(gone);
        }
    }
}
