using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;

namespace Ops.Runtime.Grpc;

/// <summary>The Open Inference Protocol, version 2, over gRPC, on addresses of its own.</summary>
internal static class GrpcFeature
{
    public static IServiceCollection AddGrpcInference(this IServiceCollection services)
    {
        services.AddGrpc();
        // After AddGrpc, whose own defaults would come back otherwise.
        services.AddOptions<GrpcServiceOptions>().Configure<IOptions<RuntimeOptions>>((grpc, runtime) =>
        {
            grpc.MaxReceiveMessageSize = (int)runtime.Value.MaxRequestBytes;
            // The framework decompresses without a limit, so a small message could fill the memory.
            grpc.CompressionProviders.Clear();
        });
        services.AddSingleton<IServiceMethodProvider<InferenceService>, InferenceMethods>();
        services.AddSingleton<GrpcErrors>();
        services.AddSingleton<InferMethod>();
        services.AddSingleton<InferStream>();
        services.AddSingleton<InferenceService>();
        services.AddSingleton<HealthService>();
        // What goes wrong is logged with its request id by this feature; the framework would repeat it.
        services.AddLogging(logging => logging.AddFilter("Grpc", LogLevel.Critical));
        return services;
    }

    /// <summary>Serves gRPC, when there is an address for it.</summary>
    public static void MapGrpcInference(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<RuntimeOptions>>().Value.GrpcUrls.Length > 0)
        {
            app.MapGrpcService<InferenceService>();
            app.MapGrpcService<HealthService>();
        }
    }

    /// <summary>Whether a request came over HTTP/2, which only the gRPC addresses speak.</summary>
    public static bool IsGrpcAddress(HttpContext context) => HttpProtocol.IsHttp2(context.Request.Protocol);
}
