using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Live;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Targets.Pages;

/// <summary>One target: its machines and what runs on them.</summary>
public sealed partial class TargetPage
{
    private readonly IReadOnlyList<Crumb> crumbs = [new("Targets", "/targets")];
    private TargetView? view;
    private bool isMissing;
    private bool isMoving;

    // A choice that was not carried out is taken back by drawing the list anew: the browser has changed it already.
    private int attempt;

    /// <summary>The target's name.</summary>
    [Parameter]
    public string Name { get; set; } = "";

    [Inject]
    internal TargetsFeed Feed { get; set; } = default!;

    [Inject]
    internal TargetCommands Commands { get; set; } = default!;

    [Inject]
    internal CallerAccessor Caller { get; set; } = default!;

    [Inject]
    public required ConfirmService Confirm { get; init; }

    [Inject]
    public required ToastService Toasts { get; init; }

    private string? Subtitle => view?.Kind switch
    {
        TargetKinds.Local => "The machine the dashboard runs on. Replicas are processes of it.",
        TargetKinds.Kubernetes => "A Kubernetes cluster and namespace.",
        _ => null,
    };

    /// <inheritdoc/>
    protected override void OnInitialized() => Watch(Feed.Views, Take);

    private void Take(FeedBatch<TargetView> batch)
    {
        if (batch.IsSnapshot && batch.Items.Count == 0)
        {
            return;
        }

        view = batch.Items.FirstOrDefault(v => v.Name == Name) ?? (batch.IsSnapshot || batch.Removed.Contains(Name) ? null : view);
        isMissing = view is null;
    }

    private async Task MoveAsync(ChangeEventArgs change)
    {
        if (view is not { } target || !Enum.TryParse<TargetEnvironment>(change.Value as string, ignoreCase: true, out var to) || to == target.Environment)
        {
            return;
        }

        isMoving = true;
        try
        {
            var answer = await Confirm.AskAsync(new(
                $"Move {Name} from {target.Environment.Word()} to {to.Word()}?",
                "Rollouts planned from now on follow the approval policy of that environment. Plans made before have to be made anew. What runs goes on.",
                "Move",
                Danger: true,
                TypeToConfirm: target.Environment == TargetEnvironment.Production || to == TargetEnvironment.Production ? Name : null));
            if (!answer.Confirmed)
            {
                return;
            }

            var result = await Commands.SetEnvironmentAsync(await Caller.GetAsync(), target.Id, to, answer.Reason, Ended);
            if (result.Succeeded)
            {
                Toasts.Done($"{Name} is in {to.Word()} now.");
            }
            else
            {
                Toasts.Failed(result.Failure.Message);
            }
        }
        finally
        {
            isMoving = false;
            attempt++;
        }
    }
}
