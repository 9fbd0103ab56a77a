using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Ops.Dashboard.Components.Controls;

public sealed partial class ConfirmHost : IAsyncDisposable
{
    private ElementReference dialog;
    private DialogModule? module;
    private Confirmation? question;
    private bool open;
    private string typed = "";
    private string reason = "";

    [Inject]
    public required ConfirmService Service { get; init; }

    [Inject]
    public required IJSRuntime Js { get; init; }

    private bool CanConfirm => question is not null
        && (question.TypeToConfirm is null || string.Equals(typed.Trim(), question.TypeToConfirm, StringComparison.Ordinal))
        && (!question.ReasonRequired || reason.Trim().Length > 0);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Service.Changed -= OnChanged;
        if (module is not null)
        {
            await module.DisposeAsync();
        }
    }

    protected override void OnInitialized()
    {
        Service.Changed += OnChanged;
        module = new DialogModule(Js);
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (open == question is not null || module is null)
        {
            return;
        }

        open = question is not null;
        if (open)
        {
            // The safe answer has the focus: nothing is destroyed by pressing Enter once too often.
            await module.OpenAsync(dialog, "textarea, input, .dialog-footer .button");
        }
        else
        {
            await module.CloseAsync(dialog);
        }
    }

    private void OnChanged() => _ = InvokeAsync(() =>
    {
        question = Service.Current;
        typed = "";
        reason = "";
        StateHasChanged();
    });

    private void Confirm()
    {
        if (CanConfirm)
        {
            Service.Answer(new ConfirmationAnswer(true, question!.ReasonRequired ? reason.Trim() : null));
        }
    }

    private void Cancel() => Service.Answer(new ConfirmationAnswer(false));
}
