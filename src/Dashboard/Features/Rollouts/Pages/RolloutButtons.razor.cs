using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Gates;
using Ops.Data;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Rollouts.Pages;

/// <summary>Pause or resume, abort or withdraw, retry, roll back. Commands check everything again.</summary>
public sealed partial class RolloutButtons
{
    private Guid? person;
    private bool busy;

    /// <summary>The rollout as it is shown.</summary>
    [Parameter, EditorRequired]
    public RolloutDetail Detail { get; set; } = default!;

    /// <summary>Told what was refused, or null after something was done.</summary>
    [Parameter, EditorRequired]
    public EventCallback<string?> Answered { get; set; }

    [Inject]
    internal RolloutControl Control { get; init; } = default!;

    [Inject]
    internal RetryRollout Retries { get; init; } = default!;

    [Inject]
    internal RequestRollback Rollbacks { get; init; } = default!;

    [Inject]
    internal CallerAccessor Caller { get; init; } = default!;

    [Inject]
    internal ConfirmService Confirm { get; init; } = default!;

    [Inject]
    internal ToastService Toasts { get; init; } = default!;

    [Inject]
    internal NavigationManager Navigation { get; init; } = default!;

    private string Name => $"{Detail.Endpoint} #{Detail.Rollout.Number}";

    private string? TypeInProduction => Detail.Plan.Environment == TargetEnvironment.Production ? Detail.Endpoint : null;

    protected override async Task OnInitializedAsync() => person = (await Caller.GetAsync()).PersonId;

    private Task HoldAsync() => Detail.Rollout.State == RolloutState.Paused
        ? ActAsync(caller => Control.ResumeAsync(caller, Detail.Rollout.Id), $"{Name} goes on.")
        : ActAsync(caller => Control.PauseAsync(caller, Detail.Rollout.Id), $"{Name} is paused.");

    private async Task PromoteAsync()
    {
        var isOver = !GateVerdict.AllHold(Detail.Plan.Strategy.Gates.Count, Detail.Rollout.GatesJson);
        var answer = await Confirm.AskAsync(new(
            "Go on with the next step?",
            isOver ? "Not every gate is known to hold. What is left of this step's pause is skipped, and so is a gate that has no figure yet. A gate that fails still stops it." : "What is left of this step's pause is skipped.",
            "Promote",
            ReasonRequired: isOver));
        if (answer.Confirmed)
        {
            await ActAsync(caller => Control.PromoteAsync(caller, Detail.Rollout.Id, answer.Reason ?? ""), $"{Name} goes on.");
        }
    }

    private async Task StopAsync()
    {
        if (Detail.Rollout.State == RolloutState.PendingApproval)
        {
            var withdraw = await Confirm.AskAsync(new("Withdraw the request?", $"{Name} is taken out of the inboxes. The same plan can be asked for again.", "Withdraw"));
            if (withdraw.Confirmed)
            {
                await ActAsync(caller => Control.WithdrawAsync(caller, Detail.Rollout.Id), $"{Name} is withdrawn.");
            }

            return;
        }

        var back = Detail.StableName is { } stable ? $"{Detail.Endpoint} goes back to {stable}." : $"Nothing ran on {Detail.Endpoint} before, so nothing will.";
        var answer = await Confirm.AskAsync(new("Abort the rollout?", back, "Abort", Danger: true, TypeInProduction, ReasonRequired: true));
        if (answer.Confirmed)
        {
            await ActAsync(caller => Control.AbortAsync(caller, Detail.Rollout.Id, answer.Reason ?? ""), $"{Name} is aborted.");
        }
    }

    private Task RetryAsync() => ActAsync(caller => Retries.RunAsync(caller, Detail.Rollout.Id), null);

    private async Task RollBackAsync()
    {
        if (!RolloutMoves.RollBack(Detail, out var planId).IsOpen)
        {
            return;
        }

        var to = planId == Detail.Rollout.PlanId ? RolloutDetail.NameOf(Detail.Plan) : Detail.Previous is { } before ? RolloutDetail.NameOf(before) : "what ran before";
        var answer = await Confirm.AskAsync(new($"Roll {Detail.Endpoint} back?", $"A new rollout brings {to} back, exactly as it was planned then.", "Roll back", Danger: true));
        if (answer.Confirmed)
        {
            await ActAsync(caller => Rollbacks.RunAsync(caller, Detail.Rollout.EndpointId, planId), null);
        }
    }

    /// <param name="command">What to do.</param>
    /// <param name="done">What to say then; null leads to the new rollout instead.</param>
    private async Task ActAsync(Func<Caller, Task<Result<RolloutRef>>> command, string? done)
    {
        if (busy)
        {
            return;
        }

        busy = true;
        try
        {
            var result = await command(await Caller.GetAsync());
            await Answered.InvokeAsync(result.Failure?.Message);
            if (!result.Succeeded)
            {
                return;
            }

            Toasts.Done(done ?? $"Rollout {result.Value.Number} of {result.Value.Endpoint} is asked for.");
            if (result.Value.Id != Detail.Rollout.Id)
            {
                Navigation.NavigateTo($"/rollouts/{result.Value.Id}");
            }
        }
        finally
        {
            busy = false;
        }
    }
}
