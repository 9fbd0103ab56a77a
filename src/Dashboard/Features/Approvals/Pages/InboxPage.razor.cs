using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Rollouts;
using Ops.Dashboard.Features.Rollouts.Queries;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Approvals.Pages;

/// <summary>What waits for a person's word. A card that was decided meanwhile, here or by somebody else, stays where it is and says so.</summary>
public sealed partial class InboxPage
{
    private readonly ActivityNews news = new();
    private IReadOnlyList<InboxCard>? cards;
    private IReadOnlySet<Guid> waiting = new HashSet<Guid>();
    private IReadOnlyList<RolloutItem> mine = [];
    private Guid? selected;
    private bool hasMoved;
    private string? shownEnv;
    private int reads;

    [SupplyParameterFromQuery(Name = "env")]
    public string? Env { get; set; }

    [Inject]
    internal InboxQueries Inbox { get; init; } = default!;

    [Inject]
    internal InboxReader Cards { get; init; } = default!;

    [Inject]
    internal RolloutFeed Feed { get; init; } = default!;

    [Inject]
    internal CallerAccessor Caller { get; init; } = default!;

    protected override void OnInitialized() => Watch(Feed.Activities, async batch =>
    {
        if (news.Take(batch) && !batch.IsSnapshot)
        {
            await RefreshAsync();
            StateHasChanged();
        }
    });

    protected override async Task OnParametersSetAsync()
    {
        if (cards is null || shownEnv != Env)
        {
            (shownEnv, cards) = (Env, null);
            await RefreshAsync();
        }
    }

    private async Task RefreshAsync()
    {
        var read = ++reads;
        var inbox = await Inbox.ReadAsync((await Caller.GetAsync()).PersonId ?? Guid.Empty, Ended);
        TargetEnvironment? environment = Enum.TryParse<TargetEnvironment>(Env, ignoreCase: true, out var parsed) ? parsed : null;
        var waits = inbox.WaitsForMe.Where(i => environment is null || i.Environment == environment).Select(i => i.Id).ToList();
        List<InboxCard> found = [];
        foreach (var id in (cards ?? []).Select(c => c.Id).Union(waits))
        {
            if (await Cards.CardAsync(id, Ended) is { } card)
            {
                found.Add(card);
            }
        }

        if (read == reads)
        {
            (cards, waiting, mine) = (found, waits.ToHashSet(), inbox.Mine);
            selected ??= found.Count > 0 ? found[0].Id : null;
        }
    }

    private void Move(int by)
    {
        if (cards is not { Count: > 0 } all)
        {
            return;
        }

        var index = all.ToList().FindIndex(c => c.Id == selected);
        selected = all[Math.Clamp(index + by, 0, all.Count - 1)].Id;
        hasMoved = true;
    }
}
