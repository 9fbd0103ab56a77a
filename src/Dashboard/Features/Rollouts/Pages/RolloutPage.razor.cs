using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Approvals.Pages;
using Ops.Dashboard.Features.Targets.Pages;
using Ops.Data.Approvals;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Rollouts.Pages;

/// <summary>One rollout, live: replicas come with the feed, all else is read again when the feed says that something happened.</summary>
public sealed partial class RolloutPage
{
    private readonly ActivityNews news = new();
    private RolloutDetail? detail;
    private EndpointActivity? activity;
    private Guid shown;
    private bool isMissing;
    private string? problem;
    private string? refusal;
    private int reads;

    [Parameter]
    public Guid Id { get; set; }

    [SupplyParameterFromQuery(Name = "replica")]
    public string? ReplicaId { get; set; }

    [Inject]
    internal RolloutReader Details { get; init; } = default!;

    [Inject]
    internal InboxReader Inbox { get; init; } = default!;

    [Inject]
    internal RolloutFeed Feed { get; init; } = default!;

    [Inject]
    internal CallerAccessor Caller { get; init; } = default!;

    [Inject]
    internal NavigationManager Navigation { get; init; } = default!;

    private IReadOnlyList<ReplicaView> New => Replicas(r => r.PlanId == detail?.Rollout.PlanId);

    private IReadOnlyList<ReplicaView> Old => Replicas(r => r.PlanId != detail?.Rollout.PlanId);

    private bool HasSteps => detail!.Plan.Strategy.Steps.Count > 0;

    // Figures of a rollout that ended long ago are gone; what was judged then stays.
    private bool ShowsGates => detail is { Rollout.StartedAt: not null } && HasSteps && (!detail.Rollout.IsFinal || detail.Plan.Strategy.Gates.Count > 0);

    private bool ShowsNodes => detail!.Target.Kind == TargetKinds.Kubernetes;

    private string Approvers => detail!.Rollout switch
    {
        { RequiredApprovals: 0 } => "none needed",
        var rollout => rollout.Decisions.Where(d => d.Verdict == Verdict.Approve).Select(d => d.PersonName).ToList() is { Count: > 0 } names ? string.Join(", ", names) : "nobody yet",
    };

    protected override void OnInitialized() => Watch(Feed.Activities, async batch =>
    {
        var isNews = news.Take(batch);
        if (detail is null)
        {
            return;
        }

        activity = batch.Items.FirstOrDefault(a => a.EndpointId == detail.Rollout.EndpointId) ?? activity;
        if (isNews && batch.Items.Any(a => a.EndpointId == detail.Rollout.EndpointId))
        {
            await ReadAsync();
        }

        StateHasChanged();
    });

    protected override async Task OnParametersSetAsync()
    {
        if (shown != Id)
        {
            (shown, detail, activity, problem) = (Id, null, null, null);
            await ReadAsync();
        }
    }

    private async Task ReadAsync()
    {
        var mine = ++reads;
        var found = await Details.FindAsync(Id, withEvents: true, Ended);
        var why = found?.Rollout.State == RolloutState.PendingApproval ? await Inbox.RefuseAsync((await Caller.GetAsync()).PersonId, found.Rollout, Ended) : null;
        if (mine != reads)
        {
            return;
        }

        (detail, refusal, isMissing) = (found, why, found is null);
        activity ??= detail is null ? null : Feed.Snapshot().FirstOrDefault(a => a.EndpointId == detail.Rollout.EndpointId);
    }

    private async Task AnsweredAsync(string? refused)
    {
        problem = refused;
        await ReadAsync();
    }

    private string ReplicaHref(ReplicaView replica) => Navigation.GetUriWithQueryParameter("replica", replica.Id == ReplicaId ? null : replica.Id);

    // A rollout that ended otherwise than well has nothing on the machine; what runs then belongs to another.
    private IReadOnlyList<ReplicaView> Replicas(Func<Targets.ReplicaObservation, bool> side) =>
        detail is null || activity is null || IsHistory ? [] : [.. activity.Replicas.Where(side).OrderBy(r => r.StartedAt ?? DateTimeOffset.MaxValue).ThenBy(r => r.Id, StringComparer.Ordinal).Select(ReplicaView.Of)];

    private bool IsHistory => detail is { Newer: not null, Rollout.IsFinal: true } && detail.StablePlanId != detail.Rollout.PlanId;
}
