using Microsoft.AspNetCore.Components;

namespace Ops.Dashboard.Features.Targets.Pages;

public sealed partial class FollowedLog
{
    private const int MostLines = 200;
    private readonly CancellationTokenSource ended = new();
    private LogPicture picture = new(null, null);
    private Task following = Task.CompletedTask;

    [Inject]
    internal TargetDrivers Drivers { get; init; } = default!;

    [Inject]
    internal ILogger<FollowedLog> Log { get; init; } = default!;

    [Inject]
    public required TimeProvider Time { get; init; }

    /// <summary>The kind of the endpoint's target.</summary>
    [Parameter, EditorRequired]
    public string TargetKind { get; set; } = "";

    /// <summary>The endpoint's target.</summary>
    [Parameter, EditorRequired]
    public Guid TargetId { get; set; }

    /// <summary>The endpoint.</summary>
    [Parameter, EditorRequired]
    public Guid EndpointId { get; set; }

    /// <summary>The endpoint's name.</summary>
    [Parameter, EditorRequired]
    public string Endpoint { get; set; } = "";

    /// <summary>The replica.</summary>
    [Parameter, EditorRequired]
    public string ReplicaId { get; set; } = "";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await following;
        ended.Dispose();
    }

    /// <inheritdoc/>
    protected override void OnInitialized() => following = FollowAsync(ended.Token);

    private async Task FollowAsync(CancellationToken cancellation)
    {
        if (Drivers.Find(TargetKind) is not { } driver)
        {
            picture = new(null, new NotSupportedException($"This program has no driver for {TargetKind} targets."));
            return;
        }

        try
        {
            var follower = new LogFollower(driver, new(EndpointId, Endpoint, TargetId), ReplicaId, MostLines, Time);
            await foreach (var now in follower.FollowAsync(cancellation))
            {
                if (now.Failure is { } failure && picture.Failure?.Message != failure.Message)
                {
                    Log.ReplicaLogUnreadable(Endpoint, ReplicaId, failure);
                }

                picture = now;
                StateHasChanged();
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The log was closed.
        }
    }
}
