using Grpc.Core;
using Grpc.Health.V1;
using Ops.Runtime.Inference;
using Ops.Runtime.Lifecycle;
using Ops.Runtime.Models;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace Ops.Runtime.Grpc;

/// <summary>
/// The standard health service of gRPC. The service "" and inference.GRPCInferenceService are the process, every other
/// name is a model.
/// </summary>
/// <remarks>https://github.com/grpc/grpc/blob/master/doc/health-checking.md</remarks>
internal sealed class HealthService(RuntimeState state, ModelRegistry registry, TimeProvider time) : Health.HealthBase
{
    private const string InferenceService = "inference.GRPCInferenceService";

    /// <summary>A model may become ready while the phase of the process stays.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) =>
        Status(request.Service) is var status && status == ServingStatus.ServiceUnknown
            ? throw new RpcException(new Status(StatusCode.NotFound, "There is no such service or model."))
            : Task.FromResult(new HealthCheckResponse { Status = status });

    /// <summary>Tells the status now and whenever it changes, until the client has enough or the process ends.</summary>
    public override async Task Watch(HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, state.Refusing);
        ServingStatus? told = null;
        try
        {
            while (true)
            {
                var changed = state.PhaseChanged;
                var status = Status(request.Service);
                if (status != told)
                {
                    await responseStream.WriteAsync(new HealthCheckResponse { Status = status });
                    told = status;
                }

                await Task.WhenAny(changed, Task.Delay(Look, time, stop.Token));
                // A cancelled delay ends the wait without a word.
                stop.Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "The server is stopping."));
        }
    }

    private ServingStatus Status(string service)
    {
        if (service.Length == 0 || service == InferenceService)
        {
            return state.IsReady ? ServingStatus.Serving : ServingStatus.NotServing;
        }

        return registry.Find(service, null) is not { } model ? ServingStatus.ServiceUnknown
            : ModelEndpoints.WhyNotReady(model, state) is null ? ServingStatus.Serving
            : ServingStatus.NotServing;
    }
}
