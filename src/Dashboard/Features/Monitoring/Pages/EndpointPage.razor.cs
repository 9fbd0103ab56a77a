using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Monitoring.Fleet;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Monitoring.Pages;

public sealed partial class EndpointPage
{
    private static readonly (string Key, string Text)[] Parts = [("overview", "Overview"), ("metrics", "Metrics"), ("playground", "Playground"), ("history", "History"), ("settings", "Settings")];
    private EndpointTile? tile;
    private RollBackDialog? rollBack;
    private bool known;

    [Inject]
    internal FleetFeed Feed { get; set; } = default!;

    [Inject]
    internal FleetService Fleet { get; set; } = default!;

    [Inject]
    public required NavigationManager Navigation { get; init; }

    /// <summary>The endpoint's name in the address.</summary>
    [Parameter]
    public string Name { get; set; } = "";

    /// <summary>The open tab in the address; an unknown one is the first.</summary>
    [Parameter]
    public string? Tab { get; set; }

    /// <summary>How far back the charts look.</summary>
    [SupplyParameterFromQuery(Name = "range")]
    public string? Range { get; set; }

    private string Open => Array.Exists(Parts, p => p.Key == Tab) ? Tab! : Parts[0].Key;

    private string TabTitle => Open == Parts[0].Key ? "" : Array.Find(Parts, p => p.Key == Open).Text.ToLowerInvariant();

    private string Address => Navigation.ToAbsoluteUri($"serve/{Name}").ToString();

    private IReadOnlyList<TabItem> TabItems => [.. Parts.Select((part, index) => new TabItem(part.Key, part.Text, Href: index == 0 ? $"/endpoints/{Name}" : $"/endpoints/{Name}/{part.Key}"))];

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        var ended = Ended;
        await Fleet.RefreshAsync(ended);
        if (ended.IsCancellationRequested)
        {
            return;
        }

        (tile, known) = (Feed.Find(Name), true);
        Watch(Feed.Tiles, batch =>
        {
            // The feed brings all endpoints; only a change of this one costs a render.
            var mine = batch.Items.FirstOrDefault(t => t.Facts.Name == Name) ?? (batch.IsSnapshot ? null : tile);
            if (mine != tile)
            {
                tile = mine;
                StateHasChanged();
            }

            return Task.CompletedTask;
        });
    }

    private Task RollBackAsync(Guid? planId) => rollBack?.OpenAsync(planId) ?? Task.CompletedTask;

    private static string BannerTitle(RolloutFacts rollout) =>
        $"Rollout {rollout.Number}{(rollout.Plan is null ? "" : $" to {rollout.Plan.Name}")} is {(rollout.State == RolloutState.Paused ? "paused" : "under way")}";
}
