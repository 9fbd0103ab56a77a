using Microsoft.AspNetCore.Components;
using Ops.Data.Access;

namespace Ops.Dashboard.Features.Access.People;

public sealed partial class PeoplePage
{
    private static readonly IReadOnlyList<KeyValuePair<string, string>> RoleChoices =
        [.. RoleTexts.Choices.Select(choice => KeyValuePair.Create(choice.Role.ToString().ToLowerInvariant(), choice.Name))];

    private static readonly IReadOnlyList<KeyValuePair<string, string>> StateChoices = [new("enabled", "Enabled"), new("disabled", "Disabled")];
    private IReadOnlyList<PersonRow>? people;

    [Inject]
    internal PeopleQueries Queries { get; set; } = default!;

    [SupplyParameterFromQuery(Name = "q")]
    private string? Search { get; set; }

    [SupplyParameterFromQuery(Name = "role")]
    private string? RoleText { get; set; }

    [SupplyParameterFromQuery(Name = "state")]
    private string? StateText { get; set; }

    protected override async Task OnParametersSetAsync() => people = await Queries.ListAsync(
        Search,
        Enum.TryParse<Roles>(RoleText, ignoreCase: true, out var role) && Enum.IsDefined(role) ? role : null,
        StateText switch { "enabled" => true, "disabled" => false, _ => null });
}
