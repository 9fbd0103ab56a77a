using Microsoft.AspNetCore.Components;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.ModelStore.Imports;
using Ops.Dashboard.Live;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Pages;

/// <summary>Imports that run, and the latest that ended, beside the form that begins one.</summary>
public sealed partial class ImportPage
{
    private const int Suggested = 200;
    private static readonly KeyValuePair<string, string>[] States =
        [new("open", "Under way"), new("completed", "Done"), new("failed", "Failed"), new("cancelled", "Cancelled")];

    private Dictionary<Guid, TransferView>? views;
    private List<string> suggestions = [];
    private Failure? refusal;
    private Guid? me;
    private string address = "";
    private string model = "";
    private string store = "";
    private string? sha256;
    private string? notes;
    private bool unpack = true;
    private bool starting;

    /// <summary>The model to add a version to, when the person came from its page.</summary>
    [SupplyParameterFromQuery(Name = "model")]
    public string? ForModel { get; set; }

    /// <summary>The state that is shown; null for all.</summary>
    [SupplyParameterFromQuery(Name = "state")]
    public string? State { get; set; }

    [Inject]
    internal TransferCommands Commands { get; init; } = default!;

    [Inject]
    internal TransferQueries Queries { get; init; } = default!;

    [Inject]
    internal TransferFeed Feed { get; init; } = default!;

    [Inject]
    internal CallerAccessor Caller { get; init; } = default!;

    [Inject]
    public required IDbContextFactory<RegistryDb> Databases { get; init; }

    [Inject]
    public required ToastService Toasts { get; init; }

    [Inject]
    public required ConfirmService Confirm { get; init; }

    private AddressHint Hint => AddressHint.For(address);

    private string? Problem => refusal is { Field: null or "files" } ? refusal.Message : null;

    private List<TransferView> Shown => [.. views!.Values.Where(IsShown).OrderByDescending(view => view.Id)];

    private string Summary => views?.Values.Count(view => view.IsOpen) switch
    {
        null or 0 => "Nothing is under way.",
        1 => "One import is under way.",
        var count => $"{count} imports are under way.",
    };

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        model = ForModel ?? "";
        me = (await Caller.GetAsync()).PersonId;
        await using (var db = await Databases.CreateDbContextAsync(Ended))
        {
            suggestions = await db.Models.Where(m => m.ArchivedAt == null).OrderByDescending(m => m.UpdatedAt).Select(m => m.Name).Take(Suggested).ToListAsync(Ended);
        }

        await RefreshAsync();
        Watch(Feed.Views, Take);
    }

    private bool IsShown(TransferView view) => State switch
    {
        "open" => view.IsOpen,
        "completed" => view.State == TransferState.Completed,
        "failed" => view.State == TransferState.Failed,
        "cancelled" => view.State == TransferState.Cancelled,
        _ => true,
    };

    // The feed follows the registry within seconds; a change of one's own is shown at once.
    private async Task RefreshAsync() => views = (await Queries.RecentAsync(Ended)).ToDictionary(view => view.Id);

    private void Take(FeedBatch<TransferView> batch)
    {
        views ??= [];
        foreach (var view in batch.Items)
        {
            views[view.Id] = view;
        }

        foreach (var gone in batch.Removed)
        {
            views.Remove(Guid.Parse(gone));
        }
    }

    private void AddressTyped(ChangeEventArgs change)
    {
        address = (change.Value as string)?.Trim() ?? "";
        if (ForModel is null && model.Length == 0 && AddressHint.NameIn(address) is { } name)
        {
            model = name;
        }
    }

    private async Task BeginAsync()
    {
        if (starting)
        {
            return;
        }

        starting = true;
        try
        {
            var place = StoreChoice.Read(store);
            var begun = await Commands.BeginAsync(
                await Caller.GetAsync(),
                new BeginTransfer
                {
                    Address = address,
                    Model = model,
                    Notes = notes,
                    ExpectedSha256 = Hint.IsOneFile ? sha256 : null,
                    Unpack = unpack,
                    Store = place.Store,
                    Environment = place.Environment,
                },
                Ended);
            refusal = begun.Failure;
            if (begun.Succeeded)
            {
                (address, sha256, notes, model) = ("", null, null, ForModel ?? "");
                await RefreshAsync();
            }
        }
        finally
        {
            starting = false;
        }
    }

    private async Task CancelAsync(TransferView view)
    {
        var answer = await Confirm.AskAsync(new Confirmation($"Cancel the import of {view.Model}?", "What was fetched so far is deleted.", "Cancel the import", Danger: true));
        if (answer.Confirmed)
        {
            await TellAsync(await Commands.CancelAsync(await Caller.GetAsync(), view.Id, Ended));
        }
    }

    private async Task RetryAsync(TransferView view) => await TellAsync(await Commands.RetryAsync(await Caller.GetAsync(), view.Id, Ended));

    private async Task TellAsync(Result result)
    {
        if (!result.Succeeded)
        {
            Toasts.Failed(result.Failure.Message);
        }

        await RefreshAsync();
    }

    private string? ErrorOf(string field) => refusal?.Field == field ? refusal.Message : null;
}
