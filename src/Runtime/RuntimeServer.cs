using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;
using Ops.Runtime.Inference;
using Ops.Runtime.Lifecycle;
using Ops.Runtime.Models;
using Ops.Runtime.Monitoring;
using Ops.Runtime.Scheduling;

namespace Ops.Runtime;

/// <summary>Puts the server together.</summary>
internal static class RuntimeServer
{
    /// <summary>Builds a server that is not started yet.</summary>
    /// <param name="configuration">Adds the sources of the configuration.</param>
    /// <exception cref="OptionsValidationException">The options are wrong: one failure per key.</exception>
    public static WebApplication Build(Action<IConfigurationBuilder> configuration)
    {
        // The empty builder reads no appsettings.json or ASPNETCORE_ variables of wherever the process happens to start.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = "Ops.Runtime",
            ContentRootPath = AppContext.BaseDirectory,
        });
        configuration(builder.Configuration);
        builder.Services
            .AddRuntimeOptions(builder.Configuration)
            .AddRoutingCore()
            .AddLifecycle()
            .AddModels()
            .AddScheduling()
            .AddInference();
        builder.AddMonitoring();
        builder.AddTracing();
        builder.WebHost.UseKestrelCore();
        builder.Services.AddOptions<Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions>().Configure<IOptions<RuntimeOptions>>((kestrel, runtime) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = runtime.Value.MaxRequestBytes;
        });

        var app = builder.Build();
        foreach (var url in app.Services.GetRequiredService<IOptions<RuntimeOptions>>().Value.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            app.Urls.Add(url);
        }

        app.UseMiddleware<RequestMiddleware>();
        app.MapInference();
        app.MapMetrics();
        return app;
    }
}
