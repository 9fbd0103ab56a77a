using Google.Protobuf.Collections;
using Grpc.Core;
using Ops.Runtime.Grpc.Protocol;
using Ops.Runtime.Inference;
using Ops.Runtime.Lifecycle;
using Ops.Runtime.Models;
using Ops.Runtime.Monitoring;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Grpc;

/// <summary>The methods of <c>inference.GRPCInferenceService</c>: the same answers as over HTTP.</summary>
internal sealed class InferenceService(
    ModelRegistry registry, ModelRepository repository, ModelEndpoints endpoints, RepositoryEndpoints changes, RuntimeState state, InferMethod infer, InferStream stream, GrpcErrors errors)
{
    public static Task<ServerLiveResponse> ServerLive(ServerLiveRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerLiveResponse { Live = true });

    public Task<ServerReadyResponse> ServerReady(ServerReadyRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerReadyResponse { Ready = state.IsReady });

    public Task<ServerMetadataResponse> ServerMetadata(ServerMetadataRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerMetadataResponse { Name = "ops-runtime", Version = ProductVersion.Text, Extensions = { endpoints.Extensions } });

    public Task<ModelReadyResponse> ModelReady(ModelReadyRequest request, ServerCallContext context) => Answer(context, () =>
        new ModelReadyResponse { Ready = ModelEndpoints.WhyNotReady(Find(request.Name, request.Version), state) is null });

    public Task<ModelMetadataResponse> ModelMetadata(ModelMetadataRequest request, ServerCallContext context) => Answer(context, () =>
    {
        var model = Find(request.Name, request.Version);
        var signature = model.Signature
            ?? throw new ProtocolException(StatusCodes.Status503ServiceUnavailable, ModelEndpoints.WhyNotReady(model, state) ?? "The model is still being loaded.");
        var response = new ModelMetadataResponse { Name = model.Name, Platform = "onnxruntime_onnx" };
        response.Versions.AddRange(registry.Versions(model.Name).Select(m => m.Version));
        Describe(response.Inputs, signature.Inputs);
        Describe(response.Outputs, signature.AllOutputs.Select(i => signature.Outputs[i]));
        return response;
    });

    public async Task<GrpcAnswer<ModelInferResponse>> ModelInfer(InferCall request, ServerCallContext context)
    {
        var answer = await infer.AnswerAsync(request, context);
        // For the case that the answer is never written, such as after the deadline.
        context.GetHttpContext().Response.RegisterForDispose(answer);
        return answer;
    }

    public Task ModelStreamInfer(IAsyncStreamReader<InferCall> requests, IServerStreamWriter<GrpcAnswer<ModelStreamInferResponse>> responses, ServerCallContext context) =>
        stream.AnswerAsync(requests, responses, context);

    public Task<RepositoryIndexResponse> RepositoryIndex(RepositoryIndexRequest request, ServerCallContext context) => Answer(context, () =>
    {
        var response = new RepositoryIndexResponse();
        foreach (var entry in repository.Index().Where(e => !request.Ready || e.State == RepositoryState.Ready))
        {
            response.Models.Add(new RepositoryIndexResponse.Types.ModelIndex
            {
                Name = entry.Name,
                Version = entry.Version,
                State = entry.State.ToString().ToUpperInvariant(),
                Reason = entry.Reason,
            });
        }

        return response;
    });

    public async Task<RepositoryModelLoadResponse> RepositoryModelLoad(RepositoryModelLoadRequest request, ServerCallContext context)
    {
        await ChangeAsync(context, load: true, request.ModelName, request.Parameters);
        return new RepositoryModelLoadResponse();
    }

    public async Task<RepositoryModelUnloadResponse> RepositoryModelUnload(RepositoryModelUnloadRequest request, ServerCallContext context)
    {
        await ChangeAsync(context, load: false, request.ModelName, request.Parameters);
        return new RepositoryModelUnloadResponse();
    }

    /// <summary>The protocol has no version here: all versions of the model are meant.</summary>
    private async Task ChangeAsync(ServerCallContext context, bool load, string name, MapField<string, ModelRepositoryParameter> parameters)
    {
        try
        {
            changes.Authorize(context.GetHttpContext());
            if (parameters.Keys.Any(p => p != "unload_dependents"))
            {
                throw ProtocolException.BadRequest("Models are loaded as the server's configuration names them; a request can give neither files nor settings.");
            }

            await changes.ChangeAsync(context.GetHttpContext(), load, name, version: null);
        }
#pragma warning disable CA1031 // Answered like everywhere else.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            throw errors.Describe(context, exception).Thrown;
        }
    }

    private ServedModel Find(string name, string version) =>
        registry.Find(name, version.Length == 0 ? null : version)
        ?? throw new ProtocolException(StatusCodes.Status404NotFound, "There is no such model or version.");

    private Task<T> Answer<T>(ServerCallContext context, Func<T> answer)
    {
        try
        {
            return Task.FromResult(answer());
        }
#pragma warning disable CA1031 // Answered like everywhere else.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            throw errors.Describe(context, exception).Thrown;
        }
    }

    private static void Describe(RepeatedField<ModelMetadataResponse.Types.TensorMetadata> described, IEnumerable<OrtTensorInfo> tensors)
    {
        foreach (var tensor in tensors)
        {
            var metadata = new ModelMetadataResponse.Types.TensorMetadata { Name = tensor.Name, Datatype = ProtocolTypes.Name(tensor.ElementType) };
            metadata.Shape.AddRange(tensor.Shape);
            described.Add(metadata);
        }
    }
}
