using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Components;
using Ops.Dashboard.Features.Monitoring.Fleet;

namespace Ops.Dashboard.Features.Monitoring.Pages;

/// <summary>What the overview, the wall and the list have in common: all endpoints, alive, in a calm order.</summary>
public abstract class FleetView : LiveComponent
{
    private readonly Dictionary<Guid, EndpointTile> tiles = [];
    private readonly TileOrder order = new();

    [Inject]
    internal FleetFeed Feed { get; set; } = default!;

    [Inject]
    internal FleetService Fleet { get; set; } = default!;

    [Inject]
    public required TimeProvider Time { get; init; }

    /// <summary>The environment in the address, or null for all; an unknown one counts as all.</summary>
    [SupplyParameterFromQuery(Name = "env")]
    public string? Env { get; set; }

    /// <summary>What is true of the fleet as a whole; null until it is known.</summary>
    protected FleetStatus? Status { get; private set; }

    /// <summary>The endpoints to show, in order.</summary>
    protected IReadOnlyList<EndpointTile> Shown { get; private set; } = [];

    /// <summary>Those of the environment, retired ones left out: what the counts are about.</summary>
    protected IReadOnlyList<EndpointTile> Counted { get; private set; } = [];

    /// <summary>Whether there is any endpoint at all, whatever the filters.</summary>
    protected bool HasAny => tiles.Values.Any(t => !t.IsRetired);

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        var ended = Ended;
        await Fleet.RefreshAsync(ended);
        if (ended.IsCancellationRequested)
        {
            return;
        }

        Watch(Feed.Status, batch => Status = batch.Items.Count > 0 ? batch.Items[^1] : Status);
        Watch(Feed.Tiles, batch =>
        {
            if (batch.IsSnapshot)
            {
                tiles.Clear();
            }

            foreach (var tile in batch.Items)
            {
                tiles[tile.Facts.Id] = tile;
            }

            foreach (var gone in batch.Removed)
            {
                tiles.Remove(Guid.ParseExact(gone, "N"));
            }

            Arrange();
        });
    }

    /// <inheritdoc/>
    protected override void OnParametersSet()
    {
        order.Reset();
        Arrange();
    }

    /// <summary>Which of the endpoints of the environment are shown.</summary>
    protected virtual IEnumerable<EndpointTile> Choose(IEnumerable<EndpointTile> all) => all.Where(t => !t.IsRetired);

    /// <summary>The order that would be right.</summary>
    protected virtual IEnumerable<EndpointTile> Sort(IEnumerable<EndpointTile> chosen) => TileOrder.WorstFirst(chosen);

    private void Arrange()
    {
        var mine = tiles.Values.Where(t => Env is not ("dev" or "staging" or "production") || t.Facts.EnvironmentKey == Env).ToList();
        Counted = [.. mine.Where(t => !t.IsRetired)];
        Shown = order.Arrange(Sort(Choose(mine)), Time.GetUtcNow());
    }
}
