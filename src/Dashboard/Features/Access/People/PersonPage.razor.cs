using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Data;
using Ops.Data.Access;

namespace Ops.Dashboard.Features.Access.People;

public sealed partial class PersonPage
{
    private PersonRow? person;
    private Roles roles;
    private TemporaryPassword? temporary;
    private string? error;
    private bool loaded;
    private bool busy;

    [Parameter]
    public Guid Id { get; set; }

    [Inject]
    internal PeopleCommands Commands { get; set; } = default!;

    [Inject]
    internal PeopleQueries Queries { get; set; } = default!;

    [Inject]
    internal CallerAccessor Callers { get; set; } = default!;

    [Inject]
    public required ConfirmService Confirm { get; init; }

    [Inject]
    public required ToastService Toasts { get; init; }

    protected override async Task OnParametersSetAsync()
    {
        if (person?.Id != Id)
        {
            (temporary, error) = (null, null);
            await LoadAsync();
        }
    }

    private Task SaveRolesAsync() => DoAsync(
        async caller => await Commands.ChangeRolesAsync(caller, Id, roles), "Roles saved; they count from now on.");

    private Task EnableAsync() => DoAsync(async caller => await Commands.EnableAsync(caller, Id), "Enabled.");

    private async Task EndSessionsAsync()
    {
        var answer = await Confirm.AskAsync(new("End all sessions?", $"{person!.Name} is signed out everywhere and has to sign in again.", "End sessions"));
        if (answer.Confirmed)
        {
            await DoAsync(async caller => await Commands.EndSessionsAsync(caller, Id), "All sessions have ended.");
        }
    }

    private async Task DisableAsync()
    {
        var answer = await Confirm.AskAsync(new(
            "Disable the account?", $"{person!.Name} is signed out everywhere and cannot sign in until somebody enables the account.", "Disable", Danger: true, ReasonRequired: true));
        if (answer.Confirmed)
        {
            await DoAsync(async caller => await Commands.DisableAsync(caller, Id, answer.Reason), "Disabled.");
        }
    }

    private async Task ResetPasswordAsync()
    {
        var answer = await Confirm.AskAsync(new(
            "Reset the password?", $"The password of {person!.Name} stops working and all sessions end. You get a temporary one to hand over.", "Reset password", Danger: true));
        if (!answer.Confirmed)
        {
            return;
        }

        await DoAsync(
            async caller =>
            {
                var result = await Commands.ResetPasswordAsync(caller, Id);
                temporary = result.Succeeded ? result.Value : null;
                return result.Succeeded ? Result.Done : result.Failure;
            },
            "Password reset.");
    }

    private async Task DoAsync(Func<Caller, Task<Result>> command, string done)
    {
        if (busy)
        {
            return;
        }

        busy = true;
        try
        {
            var result = await command(await Callers.GetAsync());
            error = result.Failure?.Message;
            if (result.Succeeded)
            {
                Toasts.Done(done);
            }

            await LoadAsync();
        }
        finally
        {
            busy = false;
        }
    }

    private async Task LoadAsync()
    {
        person = await Queries.FindAsync(Id);
        roles = person?.Roles ?? Roles.None;
        loaded = true;
    }
}
