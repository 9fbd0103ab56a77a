namespace Ops.Runtime.Inference;

/// <summary>The Open Inference Protocol, version 2, over HTTP with JSON tensors.</summary>
internal static class InferenceFeature
{
    public static IServiceCollection AddInference(this IServiceCollection services)
    {
        services.AddSingleton<Answers>();
        services.AddSingleton<InferencePipeline>();
        services.AddSingleton<InferEndpoint>();
        services.AddSingleton<ModelEndpoints>();
        return services;
    }

    public static void MapInference(this IEndpointRouteBuilder endpoints)
    {
        var infer = endpoints.ServiceProvider.GetRequiredService<InferEndpoint>();
        var models = endpoints.ServiceProvider.GetRequiredService<ModelEndpoints>();
        endpoints.MapGet("/v2", models.ServerAsync);
        endpoints.MapGet("/v2/health/live", models.LiveAsync);
        endpoints.MapGet("/v2/health/ready", models.ReadyAsync);
        foreach (var model in (ReadOnlySpan<string>)["/v2/models/{model}", "/v2/models/{model}/versions/{version}"])
        {
            endpoints.MapGet(model, models.ModelAsync);
            endpoints.MapGet(model + "/ready", models.ModelReadyAsync);
            endpoints.MapPost(model + "/infer", infer.HandleAsync);
        }
    }
}
