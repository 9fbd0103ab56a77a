using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Access.Sessions;
using Ops.Dashboard.Features.Access.SignIn;
using Ops.Data;

namespace Ops.Dashboard.Features.Access.Pages;

public sealed partial class PasswordPage
{
    private Failure? error;

    [Inject]
    internal AccountCommands Account { get; set; } = default!;

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [CascadingParameter]
    public HttpContext HttpContext { get; set; } = default!;

    [SupplyParameterFromForm]
    private Input? Form { get; set; }

    private async Task ChangeAsync()
    {
        if (Form?.Replacement != Form?.Repeated)
        {
            error = Failure.Invalid("The two passwords differ.", "repeated");
            return;
        }

        var result = await Account.ChangePasswordAsync(Caller.From(HttpContext.User), Form?.Current, Form?.Replacement, HttpContext.RequestAborted);
        if (result.Succeeded)
        {
            await HttpContext.StartSessionAsync(result.Value, SessionPrincipal.Password);
            Navigation.NavigateTo("/account?changed=1");
        }
        else
        {
            error = result.Failure;
        }
    }

    private string? ErrorOf(string field) => error?.Field == field ? error.Message : null;

    private sealed class Input
    {
        public string? Current { get; set; }

        public string? Replacement { get; set; }

        public string? Repeated { get; set; }
    }
}
