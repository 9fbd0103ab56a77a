using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.ModelStore.Downloads;
using Ops.Dashboard.Features.ModelStore.Retention;
using Ops.Dashboard.Features.Registry.Commands;
using Ops.Dashboard.Features.Registry.Queries;

namespace Ops.Dashboard.Features.Registry.Pages;

public sealed partial class ModelPage
{
    private const int MostChoices = 200;
    private ModelDetail? model;
    private VersionRows? versions;
    private IReadOnlyList<int> numbers = [];
    private ModelCard? card;
    private StorageUsed? storage;
    private RetentionView? retention;
    private int deleted;
    private bool missing;
    private int from;
    private int to;

    [Parameter]
    public string Name { get; set; } = "";

    /// <summary>Shows versions below this number: a later page of the timeline.</summary>
    [SupplyParameterFromQuery]
    public int? Below { get; set; }

    /// <summary>Shows the deleted versions instead of the others.</summary>
    [SupplyParameterFromQuery]
    public bool Deleted { get; set; }

    [Inject]
    internal ModelQueries Models { get; set; } = default!;

    [Inject]
    internal VersionQueries Versions { get; set; } = default!;

    [Inject]
    internal ModelCommands Commands { get; set; } = default!;

    [Inject]
    internal DeletionCommands Deletion { get; set; } = default!;

    [Inject]
    internal StorageQueries Storage { get; set; } = default!;

    [Inject]
    internal RetentionQueries Retention { get; set; } = default!;

    [Inject]
    internal ModelCards Cards { get; set; } = default!;

    [Inject]
    internal NavigationManager Navigation { get; set; } = default!;

    private RenderFragment Numbers => builder =>
    {
        foreach (var number in numbers)
        {
            builder.OpenElement(0, "option");
            builder.SetKey(number);
            builder.AddAttribute(1, "value", number);
            builder.AddContent(2, number);
            builder.CloseElement();
        }
    };

    protected override Task OnParametersSetAsync() => LoadAsync();

    protected override async Task LoadAsync()
    {
        var found = await Models.FindAsync(Name, Ended);
        if (found is not null)
        {
            versions = await Versions.ListAsync(found.Id, Below, Deleted, Ended);
            deleted = await Versions.CountDeletedAsync(found.Id, Ended);
            storage = await Storage.OfModelAsync(found.Id, Ended);
            retention = await Retention.FindAsync(found.Id, Ended);
            card = await Cards.ReadAsync(found.Id, found.Name, null, Ended);
            numbers = await Versions.NumbersAsync(found.Id, MostChoices, Ended);
            if (!numbers.Contains(from) || !numbers.Contains(to))
            {
                (from, to) = numbers is [var newest, var second, ..] ? (second, newest) : (0, 0);
            }
        }

        (model, missing) = (found, found is null);
    }

    internal static string Shorten(string name) => name.Length <= 80 ? name : name[..80] + "…";

    private string PageLink(int? below) => Navigation.GetUriWithQueryParameter("below", below);

    private async Task UndeleteAsync(VersionRow version)
    {
        if (await DoAsync(caller => Deletion.RestoreAsync(caller, version.Id)))
        {
            Toasts.Done($"{DeletionCommands.NameOf(model!.Name, version.Number)} is restored.");
        }
    }

    private void Compare()
    {
        if (from != to)
        {
            Navigation.NavigateTo(RegistryLinks.Compare(model!.Name, Math.Min(from, to), Math.Max(from, to)));
        }
    }

    private async Task ArchiveAsync()
    {
        var (id, name) = (model!.Id, model.Name);
        if (await DoAsync(caller => Commands.ArchiveAsync(caller, id)) is { } serving)
        {
            var still = serving.Count == 0 ? "" : $" It goes on serving on {string.Join(", ", serving)}.";
            Toasts.Show(State.Ok, $"{name} is archived.{still}", "Undo", () => DoAsync(caller => Commands.RestoreAsync(caller, id)));
        }
    }

    private async Task RestoreAsync()
    {
        var (id, name) = (model!.Id, model.Name);
        if (await DoAsync(caller => Commands.RestoreAsync(caller, id)))
        {
            Toasts.Done($"{name} is in use again.", () => DoAsync(caller => Commands.ArchiveAsync(caller, id)));
        }
    }
}
