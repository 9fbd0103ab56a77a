using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components;
using Ops.Dashboard.Components.Controls;
using Ops.Data;

namespace Ops.Dashboard.Features.Registry.Pages;

/// <summary>A page over something of the registry: runs commands one at a time, says what failed, and reads afresh afterwards.</summary>
public abstract class RegistryPage : LiveComponent
{
    private CancellationToken gone;

    [Inject]
    internal CallerAccessor Callers { get; set; } = default!;

    [Inject]
    internal ToastService Toasts { get; set; } = default!;

    /// <summary>True while a command runs; its buttons are disabled.</summary>
    protected bool Busy { get; private set; }

    /// <summary>Reads what the page shows.</summary>
    protected abstract Task LoadAsync();

    /// <inheritdoc/>
    protected override void OnInitialized() => gone = Ended;

    /// <summary>Runs a command, then reads the page afresh. A failure is shown in the corner.</summary>
    /// <returns>The value, or null when it failed or another command is running.</returns>
    private protected async Task<T?> DoAsync<T>(Func<Caller, Task<Result<T>>> command)
        where T : class
    {
        if (Busy)
        {
            return null;
        }

        Busy = true;
        try
        {
            var result = await command(await Callers.GetAsync());
            if (!result.Succeeded)
            {
                Toasts.Failed(result.Failure.Message);
                return null;
            }

            // The way back in a toast outlives the page it was made on.
            if (!gone.IsCancellationRequested)
            {
                await LoadAsync();
            }

            return result.Value;
        }
        finally
        {
            Busy = false;
            if (!gone.IsCancellationRequested)
            {
                await InvokeAsync(StateHasChanged);
            }
        }
    }

    /// <summary>Runs a command that has no value.</summary>
    /// <returns>Whether it was done.</returns>
    private protected async Task<bool> DoAsync(Func<Caller, Task<Result>> command) =>
        await DoAsync<object>(async caller => await command(caller) is { Failure: { } failure } ? failure : Result.Of(new object())) is not null;
}
