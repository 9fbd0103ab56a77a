using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Ops.Dashboard.Components.Controls;

/// <summary>Opens and closes native dialogs through js/dialog.js, loaded on first use.</summary>
internal sealed class DialogModule(IJSRuntime js) : IAsyncDisposable
{
    private Task<IJSObjectReference>? module;

    public async Task OpenAsync(ElementReference dialog, string focusSelector) => await (await Module()).InvokeVoidAsync("open", dialog, focusSelector);

    public async Task CloseAsync(ElementReference dialog) => await (await Module()).InvokeVoidAsync("close", dialog);

    public async Task ScrollToOptionAsync(string id) => await (await Module()).InvokeVoidAsync("scrollToOption", id);

    public async ValueTask DisposeAsync()
    {
        if (module is not null)
        {
            await ScriptTeardown.RunAsync(async () => await (await module).DisposeAsync());
        }
    }

    private Task<IJSObjectReference> Module() => module ??= js.InvokeAsync<IJSObjectReference>("import", "./js/dialog.js").AsTask();
}
