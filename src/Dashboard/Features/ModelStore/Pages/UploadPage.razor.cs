using Microsoft.AspNetCore.Components;
using Microsoft.EntityFrameworkCore;
using Microsoft.JSInterop;
using Ops.Dashboard.Components.Controls;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Pages;

public sealed partial class UploadPage : IAsyncDisposable
{
    private const int Suggested = 200;
    private readonly CancellationTokenSource ended = new();
    private readonly CancellationToken gone;
    private ElementReference picker;
    private DotNetObjectReference<UploadPage>? self;
    private IJSObjectReference? module;
    private IJSObjectReference? handle;
    private List<string> suggestions = [];
    private ChosenFiles chosen = new(0, 0, "");
    private StartProblem? refusal;
    private string model = "";
    private string modelHint = NameRule;
    private string? description;
    private string? notes;
    private string? source;
    private string? trainingRun;
    private string? commit;
    private string store = "";
    private string? problem;
    private bool unpack = true;
    private bool isNew;
    private bool modelTyped;
    private bool starting;

    private const string NameRule = "Lower-case letters, digits and hyphens. Choose one there is, or make a new one.";

    /// <summary>Takes the token once: work that is under way when the page goes still asks for it.</summary>
    public UploadPage() => gone = ended.Token;

    [Inject]
    public required IJSRuntime Js { get; init; }

    [Inject]
    public required IDbContextFactory<RegistryDb> Databases { get; init; }

    /// <summary>The model to add a version to, when the person came from its page.</summary>
    [SupplyParameterFromQuery(Name = "model")]
    public string? ForModel { get; set; }

    private string StartText => starting ? "Starting…" : chosen.Count == 0 ? "Upload" : $"Upload {Format.Bytes(chosen.Bytes)}";

    /// <summary>Called by the browser when files were chosen, added or taken away.</summary>
    [JSInvokable]
    public async Task Chosen(ChosenFiles files)
    {
        chosen = files;
        refusal = null;
        problem = null;
        if (!modelTyped && files.Count > 0 && ForModel is null)
        {
            model = files.Name;
            await DescribeModelAsync();
        }

        StateHasChanged();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        ended.Dispose();
        await ScriptTeardown.RunAsync(async () =>
        {
            if (handle is not null)
            {
                await handle.InvokeVoidAsync("dispose");
                await handle.DisposeAsync();
            }

            if (module is not null)
            {
                await module.DisposeAsync();
            }
        });

        self?.Dispose();
    }

    protected override async Task OnInitializedAsync()
    {
        model = ForModel ?? "";
        await using var db = await Databases.CreateDbContextAsync(gone);
        suggestions = await db.Models.Where(m => m.ArchivedAt == null).OrderByDescending(m => m.UpdatedAt).Select(m => m.Name).Take(Suggested).ToListAsync(gone);
        await DescribeModelAsync();
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            self = DotNetObjectReference.Create(this);
            module = await Js.InvokeAsync<IJSObjectReference>("import", "./js/upload/page.js");
            handle = await module.InvokeAsync<IJSObjectReference>("attach", picker, self);
        }
    }

    private async Task ModelTypedAsync(ChangeEventArgs change)
    {
        model = (change.Value as string)?.Trim() ?? "";
        modelTyped = model.Length > 0;
        await DescribeModelAsync();
    }

    private async Task DescribeModelAsync()
    {
        var name = model;
        isNew = false;
        modelHint = NameRule;
        if (!Names.Check(name, "model").Succeeded)
        {
            return;
        }

        await using var db = await Databases.CreateDbContextAsync(gone);
        var found = await db.Models.Where(m => m.Name == name).Select(m => new { m.LatestVersion, m.OwnerName, m.ArchivedAt }).SingleOrDefaultAsync(gone);
        if (name != model)
        {
            return;
        }

        isNew = found is null;
        modelHint = found switch
        {
            null => "A new model of this name will be made; you will own it.",
            { ArchivedAt: not null } => "This model is archived. Restore it first, or choose another one.",
            _ => $"Version {found.LatestVersion + 1} of {name}, owned by {found.OwnerName}.",
        };
    }

    private async Task StartAsync()
    {
        if (handle is null || starting)
        {
            return;
        }

        starting = true;
        refusal = null;
        problem = null;
        try
        {
            refusal = await handle.InvokeAsync<StartProblem?>("start", gone, Details());
        }
        finally
        {
            starting = false;
        }

        if (refusal is null)
        {
            (notes, source, trainingRun, commit, description) = (null, null, null, null, null);
            (model, modelTyped) = (ForModel ?? "", false);
            await DescribeModelAsync();
        }
        else if (refusal.Field is null or "files")
        {
            problem = refusal.Message;
        }
    }

    private object Details()
    {
        var chosenStore = StoreChoice.Read(store);
        return new { model, description = isNew ? description : null, notes, unpack, lineage = new { source, trainingRun, commit }, store = chosenStore.Store, environment = chosenStore.Environment?.ToString() };
    }

    private string? ErrorOf(string field) => refusal?.Field == field ? refusal.Message : null;

    /// <summary>What the browser tells about the files: never their names or contents.</summary>
    /// <param name="Count">How many.</param>
    /// <param name="Bytes">All together.</param>
    /// <param name="Name">A model name made of the file's or the folder's name, or empty.</param>
    public sealed record ChosenFiles(int Count, long Bytes, string Name);

    /// <summary>Why an upload did not begin.</summary>
    /// <param name="Message">For the person.</param>
    /// <param name="Field">The input at fault, or null.</param>
    public sealed record StartProblem(string Message, string? Field);
}
