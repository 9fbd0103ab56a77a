using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Data.Approvals;

namespace Ops.Dashboard.Features.Approvals.Pages;

/// <summary>A person's word on one rollout, bound to what that person is shown.</summary>
public sealed partial class DecisionPanel
{
    private ElementReference reasonBox;
    private bool rejecting;
    private bool focusReason;
    private bool busy;
    private string reason = "";
    private string? reasonError;
    private string? problem;

    /// <summary>The rollout.</summary>
    [Parameter, EditorRequired]
    public Guid RolloutId { get; set; }

    /// <summary>The hash of the plan that is shown.</summary>
    [Parameter, EditorRequired]
    public string PlanHash { get; set; } = "";

    /// <summary>The digest of the version that is shown.</summary>
    [Parameter, EditorRequired]
    public string VersionDigest { get; set; } = "";

    /// <summary>Such as <c>digits #3</c>.</summary>
    [Parameter, EditorRequired]
    public string Name { get; set; } = "";

    /// <summary>Why it does not wait for this person; null when it does.</summary>
    [Parameter]
    public string? Refusal { get; set; }

    /// <summary>Whether the keys a and r press the buttons; true for one panel of a page.</summary>
    [Parameter]
    public bool Keys { get; set; }

    /// <summary>Raised after a decision, also after one that came too late.</summary>
    [Parameter]
    public EventCallback Decided { get; set; }

    [Inject]
    internal DecideRollout Decide { get; init; } = default!;

    [Inject]
    internal CallerAccessor Caller { get; init; } = default!;

    [Inject]
    internal ToastService Toasts { get; init; } = default!;

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (focusReason)
        {
            focusReason = false;
            await reasonBox.FocusAsync();
        }
    }

    private void Ask() => (rejecting, focusReason, problem) = (true, true, null);

    private void Cancel() => (rejecting, reason, reasonError) = (false, "", null);

    private async Task KeyAsync(KeyboardEventArgs key)
    {
        if (key.Key == "Escape")
        {
            Cancel();
        }
        else if (key is { Key: "Enter", CtrlKey: true } or { Key: "Enter", MetaKey: true })
        {
            await RejectAsync();
        }
    }

    private async Task RejectAsync()
    {
        reasonError = string.IsNullOrWhiteSpace(reason) ? "Say why, so that it can be put right." : null;
        if (reasonError is null)
        {
            await DecideAsync(Verdict.Reject);
        }
    }

    private async Task DecideAsync(Verdict verdict)
    {
        if (busy)
        {
            return;
        }

        busy = true;
        try
        {
            DecisionInput input = new() { RolloutId = RolloutId, Verdict = verdict, Reason = verdict == Verdict.Reject ? reason : "", PlanHash = PlanHash, VersionDigest = VersionDigest };
            var result = await Decide.RunAsync(await Caller.GetAsync(), input);
            problem = result.Failure?.Message;
            if (result.Succeeded)
            {
                Cancel();
                Toasts.Done($"{Name} is {(verdict == Verdict.Approve ? "approved" : "rejected")}.");
            }

            await Decided.InvokeAsync();
        }
        finally
        {
            busy = false;
        }
    }
}
