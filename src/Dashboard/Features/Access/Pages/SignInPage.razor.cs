using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Features.Access.Http;
using Ops.Dashboard.Features.Access.Sessions;
using Ops.Dashboard.Features.Access.SignIn;

namespace Ops.Dashboard.Features.Access.Pages;

public sealed partial class SignInPage
{
    private string? error;

    [Inject]
    internal PasswordSignIn PasswordSignIn { get; set; } = default!;

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [CascadingParameter]
    public HttpContext HttpContext { get; set; } = default!;

    [SupplyParameterFromForm]
    private Input? Form { get; set; }

    [SupplyParameterFromQuery(Name = "returnUrl")]
    private string? ReturnUrl { get; set; }

    protected override void OnInitialized()
    {
        if (HttpMethods.IsGet(HttpContext.Request.Method) && HttpContext.User.Identity?.IsAuthenticated == true)
        {
            Navigation.NavigateTo(LocalUrl.OrHome(ReturnUrl));
        }
    }

    private async Task SignInAsync()
    {
        var result = await PasswordSignIn.TryAsync(Form?.UserName, Form?.Password, SignInOrigin.Of(HttpContext), HttpContext.RequestAborted);
        if (result.Succeeded)
        {
            await HttpContext.StartSessionAsync(result.Value, SessionPrincipal.Password);
            Navigation.NavigateTo(result.Value.MustChangePassword ? "/account/password" : LocalUrl.OrHome(ReturnUrl));
        }
        else
        {
            error = result.Failure.Message;
            HttpContext.Response.StatusCode = result.Failure.Kind == Data.FailureKind.Unavailable ? StatusCodes.Status429TooManyRequests : StatusCodes.Status200OK;
        }
    }

    private sealed class Input
    {
        public string? UserName { get; set; }

        public string? Password { get; set; }
    }
}
