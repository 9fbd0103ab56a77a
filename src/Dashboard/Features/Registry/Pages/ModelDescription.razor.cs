using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Registry.Commands;
using Ops.Dashboard.Features.Registry.Queries;
using Ops.Data;

namespace Ops.Dashboard.Features.Registry.Pages;

public sealed partial class ModelDescription
{
    private bool editing;
    private bool busy;
    private string description = "";
    private string tags = "";
    private ModelText seen = new("", []);
    private Failure? error;

    [Parameter, EditorRequired]
    public ModelDetail Model { get; set; } = default!;

    /// <summary>Called after a change was saved.</summary>
    [Parameter]
    public EventCallback Changed { get; set; }

    [Inject]
    internal ModelCommands Commands { get; set; } = default!;

    [Inject]
    internal CallerAccessor Callers { get; set; } = default!;

    [Inject]
    internal ToastService Toasts { get; set; } = default!;

    private string? ErrorOf(string field) => error?.Field == field ? error.Message : null;

    private void Edit()
    {
        seen = new(Model.Description, Model.Tags);
        (description, tags, error, editing) = (Model.Description, string.Join(", ", Model.Tags), null, true);
    }

    private async Task SaveAsync()
    {
        if (busy)
        {
            return;
        }

        busy = true;
        try
        {
            // Browsers send line breaks as they like; stored is one kind.
            var wanted = new ModelText(description.ReplaceLineEndings("\n"), tags.Split(','));
            var result = await Commands.DescribeAsync(await Callers.GetAsync(), Model.Id, seen, wanted);
            error = result.Failure;
            if (result.Succeeded)
            {
                editing = false;
                Toasts.Done("The description is saved.");
                await Changed.InvokeAsync();
            }
        }
        finally
        {
            busy = false;
        }
    }
}
