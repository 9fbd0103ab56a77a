using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Pages.Wizard;

/// <summary>Compares a plan with its cluster, or has the cluster try it, object by object.</summary>
public sealed partial class PlanTrialPanel : IDisposable
{
    private const int MostDetails = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly Question Comparison = new(
        "Compared with the cluster", "What is there now → what is planned. New objects are made, removed ones go once everything is on the new version; what others have added to an object is no difference.");

    private static readonly Question Trial = new(
        "Dry run", "What the API server of the cluster says to each object, checked as if it were applied: fields, policies of the cluster, rights, and fields that others have set. Room on nodes and quotas of pods show only when pods are made.");

    private readonly List<TrialLine> lines = [];
    private Question? asked;
    private string? problem;
    private string? shown;
    private CancellationTokenSource? run;

    [Inject]
    internal PlanTrial Trials { get; init; } = default!;

    [Inject]
    internal CallerAccessor Callers { get; init; } = default!;

    [Inject]
    public required TimeProvider Time { get; init; }

    /// <summary>The plan.</summary>
    [Parameter, EditorRequired]
    public PlanSpec Plan { get; set; } = default!;

    /// <summary>Its key, once it is sealed.</summary>
    [Parameter]
    public Guid? PlanId { get; set; }

    private bool IsRunning => run is not null;

    private string Summary => IsRunning ? $"{lines.Count} so far"
        : string.Join(", ", lines.CountBy(l => l.Outcome).OrderBy(c => c.Key).Select(c => $"{c.Value} {Word(c.Key).ToLowerInvariant()}"));

    /// <inheritdoc/>
    public void Dispose() => run?.Cancel();

    /// <inheritdoc/>
    protected override void OnParametersSet()
    {
        var plan = Plan.ToCanonicalJson();
        if (shown is not null && shown != plan)
        {
            // What was found is of another plan.
            run?.Cancel();
            run = null;
            lines.Clear();
            (asked, problem) = (null, null);
        }

        shown = plan;
    }

    private Task CompareAsync() => RunAsync(Comparison, (caller, found, cancellation) => Trials.CompareAsync(caller, Plan, PlanId, found, cancellation));

    private Task DryRunAsync() => RunAsync(Trial, (caller, found, cancellation) => Trials.DryRunAsync(caller, Plan, PlanId, found, cancellation));

    private void Cancel() => run?.Cancel();

    private async Task RunAsync(Question question, Func<Caller, Action<TrialLine>, CancellationToken, Task<Result>> ask)
    {
        if (IsRunning)
        {
            return;
        }

        (asked, problem) = (question, null);
        lines.Clear();
        using var limit = new CancellationTokenSource(Patience, Time);
        using var mine = new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, mine.Token);
        run = mine;
        string? ended;
        try
        {
            ended = (await ask(await Callers.GetAsync(), line => _ = InvokeAsync(() => Add(mine, line)), either.Token)).Failure?.Message;
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            ended = mine.IsCancellationRequested ? "Stopped." : "The cluster did not answer everything within a minute.";
        }

        if (run == mine)
        {
            (run, problem) = (null, ended);
        }
    }

    private void Add(CancellationTokenSource of, TrialLine line)
    {
        if (run == of)
        {
            lines.Add(line);
            StateHasChanged();
        }
    }

    private static State Look(TrialOutcome outcome) => outcome switch
    {
        TrialOutcome.Same or TrialOutcome.Taken => State.Ok,
        TrialOutcome.Differs or TrialOutcome.Leaves => State.Warning,
        TrialOutcome.New => State.Info,
        TrialOutcome.Refused => State.Critical,
        _ => State.Neutral,
    };

    private static string Word(TrialOutcome outcome) => outcome switch
    {
        TrialOutcome.Same => "As planned",
        TrialOutcome.Differs => "Different",
        TrialOutcome.New => "New",
        TrialOutcome.Leaves => "Removed",
        TrialOutcome.Unseen => "Not seen",
        TrialOutcome.Taken => "Accepted",
        _ => "Refused",
    };

    /// <summary>What was asked, for people.</summary>
    private sealed record Question(string Title, string Help);
}
