using Microsoft.AspNetCore.Hosting.StaticWebAssets;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Components.Gallery;
using Ops.Dashboard.Components.Layout;
using Ops.Dashboard.Components.Palette;
using Radzen;

namespace Ops.Dashboard.Components;

/// <summary>The frame, the controls and the look: everything visible that belongs to no feature.</summary>
internal static class ComponentsFeature
{
    /// <summary>Registers Razor components on circuits and the services behind the frame (confirmations, toasts, palette, environment filter).</summary>
    public static IServiceCollection AddOpsComponents(this IServiceCollection services)
    {
        services.AddRazorComponents().AddInteractiveServerComponents();
        services.AddCascadingAuthenticationState();
        services.AddAuthorization();
        services.AddHttpContextAccessor();
        services.AddRadzenComponents();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<Ticker>();
        services.AddScoped<EnvironmentFilter>();
        services.AddScoped<ConfirmService>();
        services.AddScoped<ToastService>();
        services.AddScoped<ICommandSource, PageCommands>();
        return services;
    }

    /// <summary>
    /// Maps static assets, antiforgery and all pages. Call it after authentication and authorization.
    /// The gallery of controls answers 404 outside the Development environment.
    /// </summary>
    public static RazorComponentsEndpointConventionBuilder MapOpsComponents(this WebApplication app)
    {
        // Run from the build folder outside Development, the files of packages and of wwwroot would otherwise not be found; a published
        // app has no such manifest and nothing happens.
        StaticWebAssetsLoader.UseStaticWebAssets(app.Environment, app.Configuration);
        app.UseAntiforgery();
        app.MapStaticAssets().AllowAnonymous();
        var pages = app.MapRazorComponents<App>().AddInteractiveServerRenderMode();
        if (!app.Environment.IsDevelopment())
        {
            pages.Finally(HideGallery);
        }

        return pages;
    }

    private static void HideGallery(EndpointBuilder builder)
    {
        if (builder is RouteEndpointBuilder { RoutePattern.RawText: GalleryPage.Path })
        {
            builder.RequestDelegate = context =>
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            };
        }
    }
}
