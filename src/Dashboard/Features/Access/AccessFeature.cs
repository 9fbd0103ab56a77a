using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Layout;
using Ops.Dashboard.Features.Access.Authorization;
using Ops.Dashboard.Features.Access.Http;
using Ops.Dashboard.Features.Access.Pages;
using Ops.Dashboard.Features.Access.People;
using Ops.Dashboard.Features.Access.Sessions;
using Ops.Dashboard.Features.Access.Setup;
using Ops.Dashboard.Features.Access.SignIn;
using Ops.Dashboard.Features.Settings;
using Ops.Data;
using Ops.Data.Access;

namespace Ops.Dashboard.Features.Access;

/// <summary>Who may come in and what each may do: accounts, sessions, rights, and what guards requests.</summary>
internal static class AccessFeature
{
    // What a browser may send over a circuit in one message; files go over plain requests.
    private const int LargestHubMessage = 32 * 1024;

    /// <summary>Adds accounts, cookie sessions, one policy a <see cref="Right"/>, antiforgery and the setup link.</summary>
    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<AccessOptions>, ValidateAccessOptions>();
        services.AddOptions<AccessOptions>().BindConfiguration(AccessOptions.Section).ValidateOnStart();
        AddAccounts(services);
        AddSessions(services);
        AddHttp(services);
        return services;
    }

    /// <summary>Adds, in order, security headers, error pages, the origin check, authentication and authorization. Call it before anything is mapped.</summary>
    /// <param name="app">The application.</param>
    /// <param name="servers">Other servers that pages may send requests to.</param>
    public static void UseAccess(this WebApplication app, Func<IEnumerable<Uri>> servers)
    {
        app.UseSecurityHeaders(servers);
        app.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandlingPath = "/status/500", CreateScopeForErrors = true, SuppressDiagnosticsCallback = _ => true });
        app.UseStatusCodePagesWithReExecute("/status/{0}", createScopeForStatusCodePages: true);
        app.Use(WithoutPagesForPrograms);
        app.UseCircuitOriginCheck();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseMustChangePassword();
    }

    /// <summary>Maps signing out and the antiforgery token for scripts; the pages map themselves.</summary>
    public static void MapAccess(this WebApplication app)
    {
        app.MapGet("/api/antiforgery", (IAntiforgery antiforgery, HttpContext context) =>
            TypedResults.Ok(new AntiforgeryAnswer(AntiforgeryFilter.Header, antiforgery.GetAndStoreTokens(context).RequestToken!)));
        app.MapPost("/account/sign-out", SignOutEndpoint.SignOutAsync).AllowAnonymous().AddEndpointFilter<AntiforgeryFilter>();
    }

    private static Task WithoutPagesForPrograms(HttpContext context, RequestDelegate next)
    {
        if (RequestPaths.IsForPrograms(context.Request.Path) && context.Features.Get<IStatusCodePagesFeature>() is { } pages)
        {
            pages.Enabled = false;
        }

        return next(context);
    }

    private static void AddAccounts(IServiceCollection services)
    {
        // Stateless, and used by commands, which live as long as the application; Identity would add them per request.
        services.AddSingleton<IPasswordHasher<Person>, PasswordHasher<Person>>();
        services.AddSingleton<ILookupNormalizer, UpperInvariantLookupNormalizer>();
        services.AddIdentityCore<Person>(identity =>
        {
            identity.Lockout.MaxFailedAccessAttempts = 5;
            identity.Lockout.DefaultLockoutTimeSpan = TimeSpan.FromMinutes(15);
        }).AddEntityFrameworkStores<RegistryDb>();
        services.AddSingleton<PeopleNow>();
        services.AddSingleton<TryLimiter>();
        services.AddSingleton<PasswordSignIn>();
        services.AddSingleton<AccountCommands>();
        services.AddSingleton<FirstAdministrator>();
        services.AddHostedService<SetupLinkAnnouncer>();
        services.AddSingleton<PeopleCommands>();
        services.AddSingleton<PeopleQueries>();
        services.AddSingleton(new SettingsTab("People", "/settings/people", Right.ManageAccess, 10));
        services.AddSingleton(new LayoutSlot(LayoutSlot.Person, typeof(AccountMenu)));
    }

    private static void AddSessions(IServiceCollection services)
    {
        services.AddScoped<SessionCookieEvents>();
        services.AddAuthentication(IdentityConstants.ApplicationScheme).AddCookie(IdentityConstants.ApplicationScheme);
        services.AddOptions<Microsoft.AspNetCore.Authentication.Cookies.CookieAuthenticationOptions>(IdentityConstants.ApplicationScheme)
            .Configure<IOptions<AccessOptions>>((cookie, access) =>
            {
                cookie.EventsType = typeof(SessionCookieEvents);
                cookie.LoginPath = "/account/sign-in";
                cookie.ReturnUrlParameter = "returnUrl";
                cookie.ExpireTimeSpan = access.Value.SessionLength;
                cookie.SlidingExpiration = true;
                cookie.Cookie.Name = "ops.session";
                cookie.Cookie.HttpOnly = true;
                cookie.Cookie.SameSite = SameSiteMode.Lax;
                cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            });
        services.AddSingleton<IAuthorizationHandler, RightHandler>();
        services.AddAuthorization(RightPolicies.Add);
        services.AddScoped<AuthenticationStateProvider, SessionStateProvider>();
    }

    private static void AddHttp(IServiceCollection services)
    {
        services.AddAntiforgery(antiforgery =>
        {
            antiforgery.HeaderName = AntiforgeryFilter.Header;
            antiforgery.SuppressXFrameOptionsHeader = true;
            antiforgery.Cookie.Name = "ops.antiforgery";
            antiforgery.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
        services.AddExceptionHandler<FailedRequests>();
        services.AddRazorComponents().AddInteractiveServerComponents().AddHubOptions(hub => hub.MaximumReceiveMessageSize = LargestHubMessage);
    }
}
