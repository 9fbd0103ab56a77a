using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Ops.Runtime.Grpc.Protocol;
using Ops.Runtime.Inference;

namespace Ops.Runtime.Grpc;

/// <summary>Binds the methods of the service, with reading and writing of its own for inference.</summary>
internal sealed class InferenceMethods(MemoryBudget budget) : IServiceMethodProvider<InferenceService>
{
    private const string ServiceName = "inference.GRPCInferenceService";

    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<InferenceService> context)
    {
        var calls = new Marshaller<InferCall>(
            static (_, _) => throw new NotSupportedException("The server only reads requests."),
            c => InferCall.Read(c.PayloadAsReadOnlySequence(), budget));
        context.AddUnaryMethod(Unary("ServerLive", ServerLiveRequest.Parser, ServerLiveResponse.Parser), [], static (_, r, c) => InferenceService.ServerLive(r, c));
        context.AddUnaryMethod(Unary("ServerReady", ServerReadyRequest.Parser, ServerReadyResponse.Parser), [], static (s, r, c) => s.ServerReady(r, c));
        context.AddUnaryMethod(Unary("ServerMetadata", ServerMetadataRequest.Parser, ServerMetadataResponse.Parser), [], static (s, r, c) => s.ServerMetadata(r, c));
        context.AddUnaryMethod(Unary("ModelReady", ModelReadyRequest.Parser, ModelReadyResponse.Parser), [], static (s, r, c) => s.ModelReady(r, c));
        context.AddUnaryMethod(Unary("ModelMetadata", ModelMetadataRequest.Parser, ModelMetadataResponse.Parser), [], static (s, r, c) => s.ModelMetadata(r, c));
        context.AddUnaryMethod(Unary("RepositoryIndex", RepositoryIndexRequest.Parser, RepositoryIndexResponse.Parser), [], static (s, r, c) => s.RepositoryIndex(r, c));
        context.AddUnaryMethod(Unary("RepositoryModelLoad", RepositoryModelLoadRequest.Parser, RepositoryModelLoadResponse.Parser), [], static (s, r, c) => s.RepositoryModelLoad(r, c));
        context.AddUnaryMethod(Unary("RepositoryModelUnload", RepositoryModelUnloadRequest.Parser, RepositoryModelUnloadResponse.Parser), [], static (s, r, c) => s.RepositoryModelUnload(r, c));
        context.AddUnaryMethod(
            new Method<InferCall, GrpcAnswer<ModelInferResponse>>(MethodType.Unary, ServiceName, "ModelInfer", calls, Answers<ModelInferResponse>()),
            [],
            static (s, r, c) => s.ModelInfer(r, c));
        context.AddDuplexStreamingMethod(
            new Method<InferCall, GrpcAnswer<ModelStreamInferResponse>>(MethodType.DuplexStreaming, ServiceName, "ModelStreamInfer", calls, Answers<ModelStreamInferResponse>()),
            [],
            static (s, r, w, c) => s.ModelStreamInfer(r, w, c));
    }

    private static Method<TRequest, TResponse> Unary<TRequest, TResponse>(string name, MessageParser<TRequest> request, MessageParser<TResponse> response)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        new(MethodType.Unary, ServiceName, name, Messages(request), Messages(response));

    private static Marshaller<GrpcAnswer<T>> Answers<T>()
        where T : class, IMessage<T> =>
        new(GrpcAnswer<T>.Serialize, static _ => throw new NotSupportedException("The server only writes answers."));

    private static Marshaller<T> Messages<T>(MessageParser<T> parser)
        where T : class, IMessage<T>
    {
        parser = parser.WithDiscardUnknownFields(true);
        return new Marshaller<T>(
            static (message, context) => GrpcAnswer<T>.Serialize(new GrpcAnswer<T>(message), context),
            context =>
            {
                try
                {
                    return parser.ParseFrom(context.PayloadAsReadOnlySequence());
                }
                catch (InvalidProtocolBufferException)
                {
                    throw new RpcException(new Status(StatusCode.InvalidArgument, "The message is malformed."));
                }
            });
    }
}
