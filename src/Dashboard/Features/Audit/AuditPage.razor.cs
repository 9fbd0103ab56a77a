using System.Globalization;
using Microsoft.AspNetCore.Components;
using Ops.Data.Audit;

namespace Ops.Dashboard.Features.Audit;

public sealed partial class AuditPage
{
    private const string FromParameter = "from";
    private const string ToParameter = "to";
    private static readonly IReadOnlyList<string> Resets = ["after", "before", "entry"];
    private static readonly IReadOnlyList<KeyValuePair<string, string>> ResultChoices = [new("done", "Done"), new("refused", "Refused")];
    private IReadOnlyList<KeyValuePair<string, string>> actions = [];
    private IReadOnlyList<KeyValuePair<string, string>> subjects = [];
    private AuditFilter filter = new();
    private AuditPageOfEntries? page;
    private AuditEntry? opened;
    private (AuditFilter Filter, string? After, string? Before) shown = (new(), "", "");

    [Inject]
    internal AuditQueries Queries { get; set; } = default!;

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [SupplyParameterFromQuery(Name = "person")]
    private string? Person { get; set; }

    [SupplyParameterFromQuery(Name = "action")]
    private string? Action { get; set; }

    [SupplyParameterFromQuery(Name = "subject")]
    private string? Subject { get; set; }

    [SupplyParameterFromQuery(Name = "result")]
    private string? Result { get; set; }

    [SupplyParameterFromQuery(Name = FromParameter)]
    private string? From { get; set; }

    [SupplyParameterFromQuery(Name = ToParameter)]
    private string? To { get; set; }

    [SupplyParameterFromQuery(Name = "q")]
    private string? Text { get; set; }

    [SupplyParameterFromQuery(Name = "after")]
    private string? After { get; set; }

    [SupplyParameterFromQuery(Name = "before")]
    private string? Before { get; set; }

    [SupplyParameterFromQuery(Name = "entry")]
    private string? Entry { get; set; }

    private string? Newer => page is { Newer: true, Entries: [var first, ..] } ? filter.AddTo("/audit", ("before", first.Id.ToString())) : null;

    private string? Older => page is { Older: true, Entries: [.., var last] } ? filter.AddTo("/audit", ("after", last.Id.ToString())) : null;

    private string AddressWithout => filter.AddTo("/audit", ("after", After), ("before", Before));

    protected override async Task OnInitializedAsync()
    {
        var (foundActions, foundSubjects) = await Queries.WordsAsync();

        // An action is chosen by itself or with all others of its feature.
        var groups = foundActions.Select(action => action.Split('.')[0] + ".").Distinct();
        actions = [.. groups.Concat(foundActions).Distinct().Order(StringComparer.Ordinal).Select(action => KeyValuePair.Create(action, action.EndsWith('.') ? action + "*" : action))];
        subjects = [.. foundSubjects.Select(subject => KeyValuePair.Create(subject, subject))];
    }

    protected override async Task OnParametersSetAsync()
    {
        filter = AuditFilter.Parse(Person, Action, Subject, Result, From, To, Text);
        if (shown != (filter, After, Before))
        {
            shown = (filter, After, Before);
            page = await Queries.ReadAsync(filter, Guid.TryParse(After, out var after) ? after : null, Guid.TryParse(Before, out var before) ? before : null);
        }

        opened = !Guid.TryParse(Entry, out var id) ? null : page?.Entries.FirstOrDefault(entry => entry.Id == id) ?? await Queries.FindAsync(id);
    }

    private string AddressOf(AuditEntry entry) => filter.AddTo("/audit", ("after", After), ("before", Before), ("entry", entry.Id.ToString()));

    private string LinkTo(AuditEntry entry) => Navigation.ToAbsoluteUri($"/audit?entry={entry.Id}").ToString();

    private void SetTime(string parameter, ChangeEventArgs change)
    {
        var moment = DateTime.TryParse(change.Value as string, CultureInfo.InvariantCulture, DateTimeStyles.None, out var chosen)
            ? AuditFilter.Write(new DateTimeOffset(chosen, TimeSpan.Zero))
            : null;
        var parameters = Resets.ToDictionary(name => name, _ => (object?)null);
        parameters[parameter] = moment;
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameters(parameters));
    }
}
