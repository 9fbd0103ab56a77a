using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Stores.Pages;

public sealed partial class StoreEditor : IDisposable
{
    private const string TrueText = "true";
    private const string FalseText = "false";
    private readonly Dictionary<string, string?> values = [];
    private readonly Dictionary<string, string?> secrets = [];
    private readonly List<StoreCheck> checks = [];
    private CancellationTokenSource? run;
    private string? name;
    private Failure? error;
    private int revision = -1;
    private bool running;
    private bool refused;
    private bool cancelled;

    /// <summary>The form of the kind.</summary>
    [Parameter, EditorRequired]
    public StoreForm Form { get; set; } = default!;

    /// <summary>The store as it is, or null for a new one.</summary>
    [Parameter]
    public StoreDetails? Existing { get; set; }

    /// <summary>Told the name once it is saved.</summary>
    [Parameter]
    public EventCallback<string> OnSaved { get; set; }

    [Inject]
    internal StoreCommands Commands { get; set; } = default!;

    [Inject]
    internal CallerAccessor Callers { get; set; } = default!;

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required ConfirmService Confirm { get; init; }

    [Inject]
    public required ToastService Toasts { get; init; }

    private StoreInput Entered => new() { Name = name?.Trim(), Kind = Form.Kind, Settings = values, Secrets = secrets };

    /// <inheritdoc/>
    public void Dispose() => run?.Cancel();

    /// <inheritdoc/>
    protected override void OnParametersSet()
    {
        // What is being typed stays until the store itself has changed.
        if (Existing is { } existing && existing.Row.Revision != revision)
        {
            revision = existing.Row.Revision;
            values.Clear();
            secrets.Clear();
            foreach (var (key, value) in existing.Settings)
            {
                values[key] = value;
            }
        }
    }

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        foreach (var field in Existing is null ? Form.Fields.Where(f => f.Default is not null) : [])
        {
            values[field.Key] = field.Default;
        }
    }

    private Task SaveAsync() => SaveAsync(anyway: false);

    private async Task SaveAnywayAsync()
    {
        var answer = await Confirm.AskAsync(new(
            "Save in spite of failed checks?", "Versions can be neither uploaded to the store nor read from it as long as what failed is not put right.", "Save", Danger: true));
        if (answer.Confirmed)
        {
            await SaveAsync(anyway: true);
        }
    }

    private async Task SaveAsync(bool anyway)
    {
        if (running)
        {
            return;
        }

        (running, refused, cancelled, error) = (true, false, false, null);
        checks.Clear();
        using var mine = new CancellationTokenSource();
        run = mine;
        try
        {
            var how = ChecksOf.Page(Navigation, Add) with { SaveAnyway = anyway };
            var caller = await Callers.GetAsync();
            var result = Existing is { } existing
                ? await Commands.ChangeAsync(caller, existing.Row.Id, revision, Entered, how, mine.Token)
                : await Commands.AddAsync(caller, Entered, how, mine.Token);
            error = result.Failure;
            if (result.Succeeded)
            {
                await TakeAsync(result.Value);
            }
        }
        catch (OperationCanceledException) when (mine.IsCancellationRequested)
        {
            cancelled = true;
        }
        finally
        {
            run = null;
            running = false;
        }
    }

    private async Task TakeAsync(StoreSaved saved)
    {
        checks.Clear();
        checks.AddRange(saved.Checks ?? []);
        refused = !saved.IsSaved;
        if (saved.IsSaved)
        {
            // Nothing keeps a secret that was entered, once it is stored.
            secrets.Clear();
            Toasts.Done(Existing is null ? $"Store {name} added." : $"Store {Existing.Row.Name} saved.");
            await OnSaved.InvokeAsync(Existing?.Row.Name ?? name);
        }
    }

    private void Cancel() => run?.Cancel();

    private void Add(StoreCheck check) => _ = InvokeAsync(() =>
    {
        if (running)
        {
            checks.Add(check);
            StateHasChanged();
        }
    });

    private bool IsSaid(StoreField field) => values.GetValueOrDefault(field.Key) is { Length: > 0 } and not FalseText and var value && value != field.Default;

    private bool IsSet(StoreField field) => Existing?.SecretsSet.Contains(field.Key) == true;

    private string? ErrorOf(string field) => error?.Field == field ? error.Message : null;
}
