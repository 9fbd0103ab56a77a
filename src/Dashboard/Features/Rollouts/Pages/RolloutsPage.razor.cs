using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Features.Rollouts.Queries;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Rollouts.Pages;

/// <summary>All rollouts, newest first; the rows on the screen keep up with what happens.</summary>
public sealed partial class RolloutsPage
{
    private readonly ActivityNews news = new();
    private KeysetPage<RolloutItem>? rows;
    private IReadOnlyList<KeyValuePair<string, Guid>> people = [];
    private int reads;

    [SupplyParameterFromQuery(Name = "state")]
    public string? Group { get; set; }

    [SupplyParameterFromQuery(Name = "endpoint")]
    public string? EndpointName { get; set; }

    [SupplyParameterFromQuery(Name = "env")]
    public string? Env { get; set; }

    [SupplyParameterFromQuery(Name = "person")]
    public string? Person { get; set; }

    [SupplyParameterFromQuery(Name = "after")]
    public string? After { get; set; }

    [Inject]
    internal RolloutQueries Queries { get; init; } = default!;

    [Inject]
    internal RolloutReader Reader { get; init; } = default!;

    [Inject]
    internal RolloutFeed Feed { get; init; } = default!;

    [Inject]
    internal NavigationManager Navigation { get; init; } = default!;

    private bool IsNarrow => RolloutGroups.StatesOf(Group).Count > 0 || !string.IsNullOrWhiteSpace(EndpointName) || Environment is not null || !string.IsNullOrEmpty(Person);

    private TargetEnvironment? Environment => Enum.TryParse<TargetEnvironment>(Env, ignoreCase: true, out var parsed) && Enum.IsDefined(parsed) ? parsed : null;

    protected override void OnInitialized() => Watch(Feed.Activities, async batch =>
    {
        // The first batch is what is being read anyway.
        if (news.Take(batch) && !batch.IsSnapshot)
        {
            await ReadAsync();
            StateHasChanged();
        }
    });

    protected override Task OnParametersSetAsync() => ReadAsync();

    private async Task ReadAsync()
    {
        var mine = ++reads;
        var names = await Reader.PeopleAsync(Ended);
        RolloutFilter filter = new()
        {
            States = RolloutGroups.StatesOf(Group),
            Environment = Environment,
            Text = EndpointName,

            // A name that nobody has finds nothing, rather than everything.
            RequestedById = string.IsNullOrEmpty(Person) ? null : names.FirstOrDefault(p => p.Key == Person).Value,
        };
        var found = await Queries.ListAsync(filter, Guid.TryParse(After, out var after) ? after : null, cancellation: Ended);
        if (mine == reads)
        {
            (rows, people) = (found, names);
        }
    }
}
