using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Registry.Commands;
using Ops.Dashboard.Features.Registry.Queries;
using Ops.Data;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.Registry.Pages;

public sealed partial class AliasEditor
{
    private string name = "";
    private string? error;
    private bool busy;

    [Parameter, EditorRequired]
    public VersionDetail Version { get; set; } = default!;

    /// <summary>Called after an alias was set, moved or removed.</summary>
    [Parameter]
    public EventCallback Changed { get; set; }

    [Inject]
    internal AliasCommands Commands { get; set; } = default!;

    [Inject]
    internal CallerAccessor Callers { get; set; } = default!;

    [Inject]
    internal ToastService Toasts { get; set; } = default!;

    private bool CanMove => Version is { State: VersionState.Ready, ModelIsArchived: false };

    private async Task AddAsync()
    {
        var wanted = name.Trim();
        var failure = await MoveAsync(wanted, Version.Number);
        error = failure?.Message;
        name = failure is null ? "" : name;
    }

    private async Task<Failure?> MoveAsync(string alias, int to)
    {
        var (modelId, model) = (Version.ModelId, Version.Model);
        var (failure, moved) = await DoAsync(caller => Commands.MoveAsync(caller, modelId, alias, to));
        if (moved is not null)
        {
            Toasts.Done(
                moved.From is { } from ? $"{model}:{alias} moved from version {from} to {to}." : $"{model}:{alias} is on version {to}.",
                () => moved.From is { } back
                    ? DoAsync(caller => Commands.MoveAsync(caller, modelId, alias, back), inCorner: true)
                    : DoAsync(caller => Commands.RemoveAsync(caller, modelId, alias), inCorner: true));
        }

        return failure;
    }

    private async Task RemoveAsync(string alias)
    {
        var (modelId, model) = (Version.ModelId, Version.Model);
        var (_, moved) = await DoAsync(caller => Commands.RemoveAsync(caller, modelId, alias), inCorner: true);
        if (moved?.From is { } from)
        {
            Toasts.Done($"{model}:{alias} is gone; it was on version {from}.", () => DoAsync(caller => Commands.MoveAsync(caller, modelId, alias, from), inCorner: true));
        }
    }

    private async Task<(Failure? Failure, AliasMoved? Moved)> DoAsync(Func<Caller, Task<Result<AliasMoved>>> command, bool inCorner = false)
    {
        if (busy)
        {
            return default;
        }

        busy = true;
        error = null;
        try
        {
            var result = await command(await Callers.GetAsync());
            if (result.Succeeded)
            {
                await Changed.InvokeAsync();
                return (null, result.Value);
            }

            if (inCorner)
            {
                Toasts.Failed(result.Failure.Message);
            }

            return (result.Failure, null);
        }
        finally
        {
            busy = false;
        }
    }
}
