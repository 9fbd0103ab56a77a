using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Approvals;

namespace Ops.Dashboard.Features.Approvals;

public sealed partial class PolicyForm
{
    private ApprovalPolicyTerms terms = new(0, Roles.Approver, false, 1);
    private int revision = -1;
    private int required;
    private Roles role;
    private int hours;
    private bool rollback;
    private Failure? error;
    private bool busy;

    [Parameter, EditorRequired]
    public ApprovalPolicy Policy { get; set; } = default!;

    [Parameter]
    public EventCallback OnSaved { get; set; }

    [Inject]
    internal ChangeApprovalPolicy Change { get; set; } = default!;

    [Inject]
    internal CallerAccessor Callers { get; set; } = default!;

    [Inject]
    public required ToastService Toasts { get; init; }

    private string Name => Policy.Environment.ToString();

    private ApprovalPolicyTerms Entered => new(required, role, rollback, hours);

    protected override void OnParametersSet()
    {
        // What is being typed stays until the policy itself has changed.
        if (Policy.Revision != revision)
        {
            revision = Policy.Revision;
            terms = ApprovalPolicyTerms.Of(Policy);
            (required, role, rollback, hours) = (terms.RequiredApprovals, terms.ApproverRole, terms.RollbackNeedsApproval, terms.ExpiresAfterHours);
        }
    }

    private async Task SaveAsync()
    {
        if (busy)
        {
            return;
        }

        busy = true;
        try
        {
            var result = await Change.RunAsync(await Callers.GetAsync(), Policy.Environment, Entered, revision);
            error = result.Failure;
            if (result.Succeeded)
            {
                Toasts.Done($"Policy of {Name.ToLowerInvariant()} saved.");
            }

            await OnSaved.InvokeAsync();
        }
        finally
        {
            busy = false;
        }
    }

    private string? ErrorOf(string field) => error?.Field == field ? error.Message : null;
}
