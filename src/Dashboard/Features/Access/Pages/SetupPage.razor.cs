using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Features.Access.Sessions;
using Ops.Dashboard.Features.Access.Setup;
using Ops.Dashboard.Features.Access.SignIn;
using Ops.Data;

namespace Ops.Dashboard.Features.Access.Pages;

public sealed partial class SetupPage
{
    private string? linkError;
    private Failure? error;

    [Inject]
    internal FirstAdministrator FirstAdministrator { get; set; } = default!;

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [CascadingParameter]
    public HttpContext HttpContext { get; set; } = default!;

    [SupplyParameterFromForm]
    private Input? Form { get; set; }

    [SupplyParameterFromQuery(Name = "token")]
    private string? Token { get; set; }

    protected override async Task OnInitializedAsync()
    {
        if (HttpMethods.IsGet(HttpContext.Request.Method))
        {
            linkError = (await FirstAdministrator.CheckLinkAsync(Token, HttpContext.RequestAborted)).Failure?.Message;
        }
    }

    private async Task CreateAsync()
    {
        if (Form?.Password != Form?.Repeated)
        {
            error = Failure.Invalid("The two passwords differ.", "repeated");
            return;
        }

        var result = await FirstAdministrator.CreateAsync(Token, Form?.UserName, Form?.Password, SignInOrigin.Of(HttpContext), HttpContext.RequestAborted);
        if (result.Succeeded)
        {
            await HttpContext.StartSessionAsync(result.Value, SessionPrincipal.SetupLink);
            Navigation.NavigateTo("/");
        }
        else
        {
            error = result.Failure;
        }
    }

    private string? ErrorOf(string field) => error?.Field == field ? error.Message : null;

    private sealed class Input
    {
        public string? UserName { get; set; }

        public string? Password { get; set; }

        public string? Repeated { get; set; }
    }
}
