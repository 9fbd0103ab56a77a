using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Features.Monitoring.Fleet;
using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Features.Monitoring.Pages;

public sealed partial class ReplicaLogView
{
    private const int MostLines = 200;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    private readonly CancellationTokenSource ended = new();
    private readonly CancellationToken gone;
    private IReadOnlyList<string>? lines;
    private string? problem;
    private Task following = Task.CompletedTask;

    /// <summary>Takes the token once: work that is under way when the page goes still asks for it.</summary>
    public ReplicaLogView() => gone = ended.Token;

    [Inject]
    internal IEnumerable<ITargetDriver> Drivers { get; set; } = default!;

    [Inject]
    internal ILogger<ReplicaLogView> Log { get; set; } = default!;

    [Inject]
    public required TimeProvider Time { get; init; }

    /// <summary>The endpoint.</summary>
    [Parameter, EditorRequired]
    public EndpointFacts Facts { get; set; } = default!;

    /// <summary>The replica.</summary>
    [Parameter, EditorRequired]
    public string ReplicaId { get; set; } = "";

    [Parameter]
    public EventCallback OnClose { get; set; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await following;
        ended.Dispose();
    }

    /// <inheritdoc/>
    protected override void OnInitialized() => following = FollowAsync();

    private async Task FollowAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(Period, Time);
            do
            {
                await ReadAsync();
                StateHasChanged();
            }
            while (await timer.WaitForNextTickAsync(gone));
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The log was closed.
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            var driver = Drivers.FirstOrDefault(d => d.Kind == Facts.TargetKind);
            var read = driver is null ? [] : await driver.ReadLogAsync(new(Facts.Id, Facts.Name, Facts.TargetId), ReplicaId, MostLines, gone);
            lines = lines is not null && read.SequenceEqual(lines, StringComparer.Ordinal) ? lines : read;
            problem = driver is null ? $"This program has no driver for {Facts.TargetKind} targets." : null;
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or UnauthorizedAccessException or TimeoutException)
        {
            Log.ReplicaLogUnreadable(Facts.Name, ReplicaId, exception);
            problem = "The target did not give it. It is asked again by itself.";
        }
    }
}
