using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;
using Ops.Runtime.Connections;
using Ops.Runtime.Grpc;
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
            .AddSingleton(configuration)
            .AddRuntimeOptions(builder.Configuration)
            .AddRoutingCore()
            .AddLifecycle()
            .AddModels()
            .AddScheduling()
            .AddInference()
            .AddGrpcInference();
        builder.AddMonitoring();
        builder.AddTracing();
        builder.AddConnections();

        var app = builder.Build();
        app.UseWhen(GrpcFeature.IsGrpcAddress, grpc => grpc.UseMiddleware<GrpcMiddleware>());
        app.UseWhen(context => !GrpcFeature.IsGrpcAddress(context), http => http.UseMiddleware<RequestMiddleware>());
        app.MapInference();
        app.MapMetrics();
        app.MapGrpcInference();
        return app;
    }
}
