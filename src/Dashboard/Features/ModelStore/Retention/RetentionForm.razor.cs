using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Data;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Retention;

public sealed partial class RetentionForm
{
    private RetentionView? view;
    private IReadOnlyList<RetentionPreview>? previews;
    private Failure? error;
    private bool isEnabled;
    private int keepLast;
    private int keepDays;
    private bool busy;

    /// <summary>The model, or null for the rule of all models without one of their own.</summary>
    [Parameter]
    public Guid? ModelId { get; set; }

    /// <summary>Its name.</summary>
    [Parameter]
    public string ModelName { get; set; } = "";

    [Inject]
    internal RetentionQueries Queries { get; set; } = default!;

    [Inject]
    internal RetentionCommands Commands { get; set; } = default!;

    [Inject]
    internal CallerAccessor Callers { get; set; } = default!;

    [Inject]
    internal ToastService Toasts { get; set; } = default!;

    [Inject]
    internal IAuthorizationService Authorization { get; set; } = default!;

    [CascadingParameter]
    private Task<AuthenticationState>? Authentication { get; set; }

    private bool CanChange { get; set; }

    private RetentionLimits Entered => new(isEnabled, keepLast, keepDays);

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        var right = ModelId is null ? Right.ManageTargets : Right.DeleteVersions;
        CanChange = Authentication is not null && (await Authorization.AuthorizeAsync((await Authentication).User, right.ToString())).Succeeded;
        await LoadAsync();
    }

    private async Task LoadAsync()
    {
        view = await Queries.FindAsync(ModelId, default);
        (isEnabled, keepLast, keepDays) = (view.Limits.IsEnabled, view.Limits.KeepLast, view.Limits.KeepDays);
        previews = null;
    }

    // What was shown is no longer what would be saved.
    private void Forget() => previews = null;

    private Task PreviewAsync() => DoAsync(async () =>
    {
        error = Entered.Check().Failure;
        if (error is null)
        {
            previews = ModelId is { } id ? [await Queries.PreviewAsync(id, Entered, default)] : await Queries.PreviewDefaultAsync(Entered, default);
        }
    });

    private Task SaveAsync() => DoAsync(async () =>
    {
        var caller = await Callers.GetAsync();
        var saved = ModelId is { } id ? await Commands.SaveAsync(caller, id, Entered) : await Commands.SaveDefaultAsync(caller, Entered);
        await FinishAsync(saved, isEnabled ? "The rule is saved. It is applied within the hour." : "The rule is saved. Nothing is deleted by itself.");
    });

    private Task RemoveAsync() => DoAsync(async () =>
        await FinishAsync(await Commands.RemoveAsync(await Callers.GetAsync(), ModelId!.Value), $"{ModelName} follows the rule for all models."));

    private async Task FinishAsync(Result result, string done)
    {
        error = result.Failure;
        if (result.Succeeded)
        {
            Toasts.Done(done);
            await LoadAsync();
        }
    }

    private async Task DoAsync(Func<Task> work)
    {
        if (busy)
        {
            return;
        }

        busy = true;
        try
        {
            await work();
        }
        finally
        {
            busy = false;
        }
    }

    private string? ErrorOf(string field) => error?.Field == field ? error.Message : null;
}
