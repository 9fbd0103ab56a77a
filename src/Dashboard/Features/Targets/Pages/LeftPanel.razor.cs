using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Targets.Kubernetes;

namespace Ops.Dashboard.Features.Targets.Pages;

/// <summary>Objects that nobody looks after.</summary>
public sealed partial class LeftPanel
{
    private static readonly TimeSpan ReadEvery = TimeSpan.FromSeconds(5);
    private IReadOnlyList<LeftEndpoint> left = [];
    private long? readAt;
    private bool isBusy;

    [Inject]
    internal LeftObjects Objects { get; init; } = default!;

    [Inject]
    internal CallerAccessor Caller { get; init; } = default!;

    [Inject]
    public required TimeProvider Time { get; init; }

    [Inject]
    public required ConfirmService Confirm { get; init; }

    [Inject]
    public required ToastService Toasts { get; init; }

    /// <summary>The target.</summary>
    [Parameter, EditorRequired]
    public Guid TargetId { get; set; }

    // The page is drawn anew each second; so often nothing is left or taken away.
    protected override Task OnParametersSetAsync() => readAt is { } at && Time.GetElapsedTime(at) < ReadEvery ? Task.CompletedTask : ReadAsync();

    private async Task ReadAsync()
    {
        readAt = Time.GetTimestamp();
        left = await Objects.OfAsync(TargetId, default);
    }

    private async Task DeleteAsync(LeftEndpoint one)
    {
        var answer = await Confirm.AskAsync(new(
            $"Delete what {one.Name} has left?",
            $"{one.Words}. Pods of these go too, and whoever sends requests to them gets no answer any more. If another installation looks after this endpoint, delete it there instead.",
            "Delete",
            Danger: true,
            TypeToConfirm: one.Name,
            ReasonRequired: true));
        if (!answer.Confirmed)
        {
            return;
        }

        isBusy = true;
        var result = await Objects.DeleteAsync(await Caller.GetAsync(), TargetId, one.EndpointId, answer.Reason);
        isBusy = false;
        if (result.Succeeded)
        {
            Toasts.Done($"What {one.Name} had left is deleted.");
        }
        else
        {
            Toasts.Failed(result.Failure.Message);
        }

        await ReadAsync();
    }
}
