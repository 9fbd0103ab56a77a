using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;

namespace Ops.Runtime.Inference;

/// <summary>The Open Inference Protocol, version 2, over HTTP with JSON and binary tensors, with its model
/// repository extension.</summary>
internal static class InferenceFeature
{
    public static IServiceCollection AddInference(this IServiceCollection services)
    {
        services.AddSingleton<Answers>();
        services.AddSingleton<MemoryBudget>(s => new MemoryBudget(s.GetRequiredService<IOptions<RuntimeOptions>>()));
        services.AddSingleton<InferencePipeline>();
        services.AddSingleton<InferEndpoint>();
        services.AddSingleton<ModelEndpoints>();
        services.AddSingleton<RepositoryEndpoints>();
        return services;
    }

    public static void MapInference(this IEndpointRouteBuilder endpoints)
    {
        var infer = endpoints.ServiceProvider.GetRequiredService<InferEndpoint>();
        var models = endpoints.ServiceProvider.GetRequiredService<ModelEndpoints>();
        endpoints.MapGet("/v2", models.ServerAsync);
        endpoints.MapGet("/v2/health/live", models.LiveAsync);
        endpoints.MapGet("/v2/health/ready", models.ReadyAsync);
        var repository = endpoints.ServiceProvider.GetRequiredService<RepositoryEndpoints>();
        endpoints.MapPost("/v2/repository/index", repository.IndexAsync);
        foreach (var model in (ReadOnlySpan<string>)["/v2/repository/models/{model}", "/v2/repository/models/{model}/versions/{version}"])
        {
            endpoints.MapPost(model + "/load", repository.LoadAsync);
            endpoints.MapPost(model + "/unload", repository.UnloadAsync);
        }

        foreach (var model in (ReadOnlySpan<string>)["/v2/models/{model}", "/v2/models/{model}/versions/{version}"])
        {
            endpoints.MapGet(model, models.ModelAsync);
            endpoints.MapGet(model + "/ready", models.ModelReadyAsync);
            endpoints.MapPost(model + "/infer", infer.HandleAsync);
        }
    }
}
