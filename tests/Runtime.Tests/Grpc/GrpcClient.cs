using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Ops.Runtime.Grpc.Protocol;

namespace Ops.Runtime.Tests.Grpc;

/// <summary>A client of the service as any other: a real channel, the messages of the protocol, and bytes that are none.</summary>
internal sealed class GrpcClient : IDisposable
{
    private const string Service = "inference.GRPCInferenceService";
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(b => b, b => b);
    private readonly GrpcChannel channel;

    public GrpcClient(string url)
    {
        channel = GrpcChannel.ForAddress(url, new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxSendMessageSize = null });
        Health = new Health.HealthClient(channel);
    }

    public Health.HealthClient Health { get; }

    public AsyncUnaryCall<ModelInferResponse> Infer(ModelInferRequest request, CallOptions options = default) =>
        channel.CreateCallInvoker().AsyncUnaryCall(
            new Method<ModelInferRequest, ModelInferResponse>(MethodType.Unary, Service, "ModelInfer", Of<ModelInferRequest>(), Of<ModelInferResponse>()), null, options, request);

    public AsyncDuplexStreamingCall<ModelInferRequest, ModelStreamInferResponse> Stream(CallOptions options = default) =>
        channel.CreateCallInvoker().AsyncDuplexStreamingCall(
            new Method<ModelInferRequest, ModelStreamInferResponse>(MethodType.DuplexStreaming, Service, "ModelStreamInfer", Of<ModelInferRequest>(), Of<ModelStreamInferResponse>()), null, options);

    /// <summary>Calls any other method of the service.</summary>
    public async Task<TResponse> CallAsync<TRequest, TResponse>(string method, TRequest request)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        await channel.CreateCallInvoker().AsyncUnaryCall(
            new Method<TRequest, TResponse>(MethodType.Unary, Service, method, Of<TRequest>(), Of<TResponse>()), null, default, request);

    /// <summary>Sends bytes as they are, to any method of any service.</summary>
    public async Task<byte[]> SendAsync(string method, byte[] message, Metadata? headers = null, string service = Service) =>
        await channel.CreateCallInvoker().AsyncUnaryCall(
            new Method<byte[], byte[]>(MethodType.Unary, service, method, Bytes, Bytes), null, new CallOptions(headers), message);

    /// <summary>A request with one raw input.</summary>
    public static ModelInferRequest Raw<T>(string model, string input, string datatype, long[] shape, ReadOnlySpan<T> data)
        where T : unmanaged
    {
        var request = new ModelInferRequest { ModelName = model };
        AddRaw(request, input, datatype, shape, MemoryMarshal.AsBytes(data));
        return request;
    }

    public static void AddRaw(ModelInferRequest request, string input, string datatype, long[] shape, ReadOnlySpan<byte> data)
    {
        request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = input, Datatype = datatype, Shape = { shape } });
        request.RawInputContents.Add(ByteString.CopyFrom(data));
    }

    public static void AddTyped(ModelInferRequest request, string input, string datatype, long[] shape, InferTensorContents contents) =>
        request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = input, Datatype = datatype, Shape = { shape }, Contents = contents });

    /// <summary>Strings in the raw form.</summary>
    public static byte[] Strings(params string[] texts)
    {
        var bytes = new List<byte>();
        var length = new byte[4];
        foreach (var text in texts.Select(Encoding.UTF8.GetBytes))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)text.Length);
            bytes.AddRange(length);
            bytes.AddRange(text);
        }

        return [.. bytes];
    }

    public void Dispose() => channel.Dispose();

    private static Marshaller<T> Of<T>()
        where T : IMessage<T>, new() =>
        Marshallers.Create(m => m.ToByteArray(), b => new MessageParser<T>(() => new T()).ParseFrom(b));
}
