using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Monitoring.Fleet;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Queries;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Monitoring.Pages;

public sealed partial class RollBackDialog : IAsyncDisposable
{
    private ElementReference dialog;
    private DialogModule? module;
    private IReadOnlyList<RolloutItem> choices = [];
    private Guid? chosen;
    private string reason = "";
    private string? problem;
    private bool isOpen;
    private bool isShown;
    private bool sending;

    [Inject]
    internal RequestRollback Command { get; set; } = default!;

    [Inject]
    internal CallerAccessor Callers { get; set; } = default!;

    [Inject]
    internal EndpointPages Pages { get; set; } = default!;

    [Inject]
    public required ToastService Toasts { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required IJSRuntime Js { get; init; }

    /// <summary>The endpoint.</summary>
    [Parameter, EditorRequired]
    public EndpointFacts Facts { get; set; } = default!;

    /// <summary>Asks; the plan given is suggested instead of the one before.</summary>
    public async Task OpenAsync(Guid? planId = null)
    {
        choices = RollbackChoices.Of(await Pages.HistoryAsync(Facts.Id, CancellationToken.None), Facts.Stable?.PlanId);
        chosen = choices.Any(c => c.PlanId == planId) ? planId : choices.Count > 0 ? choices[0].PlanId : null;
        (reason, problem, isOpen) = ("", null, true);
        StateHasChanged();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (module is not null)
        {
            await module.DisposeAsync();
        }
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (isShown == isOpen)
        {
            return;
        }

        isShown = isOpen;
        module ??= new(Js);
        await (isOpen ? module.OpenAsync(dialog, "button[type=submit]") : module.CloseAsync(dialog));
    }

    private void CloseAsync() => isOpen = false;

    private async Task SendAsync()
    {
        if (chosen is not { } planId || sending)
        {
            return;
        }

        sending = true;
        try
        {
            var result = await Command.RunAsync(await Callers.GetAsync(), Facts.Id, planId, reason);
            if (!result.Succeeded)
            {
                problem = result.Failure.Message;
                return;
            }

            isOpen = false;
            var rollout = result.Value;
            Toasts.Show(
                rollout.State == RolloutState.PendingApproval ? State.Info : State.Ok,
                rollout.State == RolloutState.PendingApproval ? $"Rollout {rollout.Number} goes back once it is approved." : $"Rollout {rollout.Number} goes back now.",
                "Open",
                () =>
                {
                    Navigation.NavigateTo($"/rollouts/{rollout.Id}");
                    return Task.CompletedTask;
                });
        }
        finally
        {
            sending = false;
        }
    }
}
