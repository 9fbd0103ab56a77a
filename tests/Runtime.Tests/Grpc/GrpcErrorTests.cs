using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Grpc.Core;
using Ops.Runtime.Grpc;
using Ops.Runtime.Grpc.Protocol;
using Ops.Runtime.Inference;

namespace Ops.Runtime.Tests.Grpc;

/// <summary>What a caller is told who asks for something that cannot be answered.</summary>
public sealed class GrpcErrorTests(GrpcServer fixture) : IClassFixture<GrpcServer>
{
    private static readonly long[] OneImage = [1, 1, 8, 8];
    private static readonly byte[] Zeros = new byte[256];

    private GrpcClient Client => fixture.Client;

    public static TheoryData<string, string> BadRequests => new(BadMessages.Select(p => (p.Key, p.Value.Reason)));

    private static Dictionary<string, (string Reason, Action<ModelInferRequest> Change)> BadMessages => new()
    {
        ["missing"] = ("'input' is missing", r => { r.Inputs.Clear(); r.RawInputContents.Clear(); }),
        ["other input"] = ("no input 'other'", r => r.Inputs[0].Name = "other"),
        ["twice"] = ("given twice", r => GrpcClient.AddRaw(r, "input", "FP32", OneImage, Zeros)),
        ["type"] = ("datatype FP32", r => r.Inputs[0].Datatype = "FP64"),
        ["no type"] = ("datatype FP32", r => r.Inputs[0].Datatype = string.Empty),
        ["rank"] = ("expects [-1,1,8,8]", r => r.Inputs[0].Shape.Add(1)),
        ["extent"] = ("expects [-1,1,8,8]", r => r.Inputs[0].Shape[1] = 2),
        ["negative"] = ("at least 0", r => r.Inputs[0].Shape[0] = -1),
        ["overflow"] = ("too large", r => r.Inputs[0].Shape[0] = long.MaxValue),
        ["huge"] = ("has 256 bytes", r => r.Inputs[0].Shape[0] = long.MaxValue / 64),
        ["too few bytes"] = ("has 256 bytes", r => r.Inputs[0].Shape[0] = 2),
        ["too many bytes"] = ("has 260 bytes", r => r.RawInputContents[0] = ByteString.CopyFrom(new byte[260])),
        ["half an element"] = ("has 255 bytes", r => r.RawInputContents[0] = ByteString.CopyFrom(new byte[255])),
        ["raw and typed"] = ("has contents", r => r.Inputs[0].Contents = new InferTensorContents { Fp32Contents = { 1 } }),
        ["raw and empty typed"] = ("has contents", r => r.Inputs[0].Contents = new InferTensorContents()),
        ["more raw than inputs"] = ("2 raw_input_contents for 1 inputs", r => r.RawInputContents.Add(ByteString.Empty)),
        ["no data"] = ("has 0 elements", r => r.RawInputContents.Clear()),
        ["wrong field"] = ("not in the field for FP32", r => Typed(r, new InferTensorContents { Fp64Contents = { new double[64] } })),
        ["two fields"] = ("not in the field for FP32", r => Typed(r, new InferTensorContents { Fp32Contents = { new float[64] }, IntContents = { 1 } })),
        ["too few elements"] = ("has 63 elements", r => Typed(r, new InferTensorContents { Fp32Contents = { new float[63] } })),
        ["huge typed"] = ("has 64 elements", r =>
        {
            Typed(r, new InferTensorContents { Fp32Contents = { new float[64] } });
            r.Inputs[0].Shape[0] = long.MaxValue / 64;
        }),
        ["output"] = ("no output 'nope'", r => r.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "nope" })),
        ["output twice"] = ("asked for twice", r => r.Outputs.Add([new() { Name = "logits" }, new() { Name = "logits" }])),
        ["shared memory input"] = ("Shared memory", r => r.Inputs[0].Parameters["shared_memory_region"] = new() { StringParam = "x" }),
        ["shared memory output"] = ("Shared memory", r => r.Outputs.Add(
            new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "logits", Parameters = { ["shared_memory_region"] = new() { StringParam = "x" } } })),
        ["priority"] = ("'priority' must be", r => r.Parameters["priority"] = new() { Int64Param = -1 }),
        ["timeout"] = ("'timeout' must be", r => r.Parameters["timeout"] = new() { StringParam = "1" }),
        ["sequence"] = ("Sequences", r => r.Parameters["sequence_id"] = new() { Int64Param = 1 }),
        ["classification"] = ("'classification' must be", r => r.Outputs.Add(
            new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "logits", Parameters = { ["classification"] = new() { BoolParam = true } } })),
        ["id"] = ("at most 1024", r => r.Id = new string('a', 1025)),
        ["many outputs"] = ("at most 1024", r => r.Outputs.Add(Enumerable.Range(0, 1025).Select(_ => new ModelInferRequest.Types.InferRequestedOutputTensor()))),
    };

    [Theory]
    [MemberData(nameof(BadRequests))]
    public async Task ModelInfer_BadRequest_IsRefusedWithTheReason(string name, string reason)
    {
        var request = GrpcClient.Raw<byte>("digits", "input", "FP32", OneImage, Zeros);
        BadMessages[name].Change(request);
        var failure = await Assert.ThrowsAsync<RpcException>(() => Client.Infer(request).ResponseAsync);
        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        Assert.Contains(reason, failure.Status.Detail, StringComparison.Ordinal);
        Assert.NotEmpty(failure.Trailers.GetValue("x-request-id")!);
    }

    [Theory]
    [InlineData("in_str", "is not 4 strings", new byte[] { 255, 255, 255, 255 })]
    [InlineData("in_str", "is not 4 strings", new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255 })]
    [InlineData("in_str", "is not 4 strings", new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 })]
    [InlineData("in_str", "is not 4 strings", new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 65 })]
    [InlineData("in_bool", "other than 0 and 1", new byte[] { 0, 1, 2, 0 })]
    public async Task ModelInfer_BytesThatAreNoElements_AreRefused(string input, string reason, byte[] bytes)
    {
        var request = new ModelInferRequest { ModelName = "dtypes" };
        GrpcClient.AddRaw(request, input, input == "in_str" ? "BYTES" : "BOOL", [2, 2], bytes);
        var failure = await Assert.ThrowsAsync<RpcException>(() => Client.Infer(request).ResponseAsync);
        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        Assert.Contains(reason, failure.Status.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("in_f16", "FP16", "must be in raw_input_contents")]
    [InlineData("in_i8", "INT8", "outside the range")]
    [InlineData("in_u8", "UINT8", "outside the range")]
    public async Task ModelInfer_TypedContentsThatDoNotFit_AreRefused(string input, string type, string reason)
    {
        var request = new ModelInferRequest { ModelName = "dtypes" };
        GrpcClient.AddTyped(request, input, type, [2, 2], type switch
        {
            "INT8" => new InferTensorContents { IntContents = { 0, 0, 0, 128 } },
            "UINT8" => new InferTensorContents { UintContents = { 0, 0, 0, 256 } },
            _ => new InferTensorContents { Fp32Contents = { 1, 2, 3, 4 } },
        });
        var failure = await Assert.ThrowsAsync<RpcException>(() => Client.Infer(request).ResponseAsync);
        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        Assert.Contains(reason, failure.Status.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none", "")]
    [InlineData("digits", "4")]
    [InlineData("", "")]
    public async Task ModelInfer_UnknownModel_IsNotFound(string model, string version)
    {
        var request = GrpcClient.Raw<byte>(model, "input", "FP32", OneImage, Zeros);
        request.ModelVersion = version;
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => Client.Infer(request).ResponseAsync)).StatusCode);
    }

    [Theory]
    [InlineData("ModelInfer", new byte[] { 0x0A })]
    [InlineData("ModelInfer", new byte[] { 0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1 })]
    [InlineData("ModelInfer", new byte[] { 0x3A, 0x02, 1 })]
    [InlineData("ModelInfer", new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData("ModelInfer", new byte[] { 0x3B, 0x3C })]
    [InlineData("ModelInfer", new byte[] { 0x0A, 0x01, 0xFF })]
    [InlineData("ModelInfer", new byte[] { 0x2A, 0x02, 0x2A, 0x09 })]
    [InlineData("ModelReady", new byte[] { 0x0A, 0x05, 1 })]
    public async Task Call_BytesThatAreNoMessage_AreRefused(string method, byte[] message)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => Client.SendAsync(method, message));
        Assert.Equal((StatusCode.InvalidArgument, "The message is malformed."), (failure.StatusCode, failure.Status.Detail));
    }

    [Fact]
    public async Task ModelInfer_FieldsNobodyKnows_AreIgnored()
    {
        byte[] message = [.. GrpcClient.Raw<byte>("digits", "input", "FP32", OneImage, Zeros).ToByteArray(), 0xF8, 0x3F, 0x01, 0xFD, 0x3F, 1, 2, 3, 4];
        Assert.Single(ModelInferResponse.Parser.ParseFrom(await Client.SendAsync("ModelInfer", message)).Outputs);
    }

    [Fact]
    public async Task ModelInfer_MessageOverTheLimit_IsResourceExhausted()
    {
        var request = GrpcClient.Raw<byte>("digits", "input", "FP32", OneImage, new byte[3_000_001]);
        Assert.Equal(StatusCode.ResourceExhausted, (await Assert.ThrowsAsync<RpcException>(() => Client.Infer(request).ResponseAsync)).StatusCode);
    }

    [Fact]
    public void Read_MoreBesideTheRawTensorsThanAllowed_IsRefused()
    {
        var budget = new MemoryBudget(1L << 30, 1L << 30);
        var request = new ModelInferRequest { Inputs = { new ModelInferRequest.Types.InferInputTensor { Contents = new InferTensorContents { Fp32Contents = { new float[(InferCall.MaxParsedBytes / 4) + 1] } } } } };
        using var call = InferCall.Read(new(request.ToByteArray()), budget);
        Assert.Equal((413, 0), (call.Refusal!.Status, budget.InUse));
        var raw = new ModelInferRequest { ModelName = "a", RawInputContents = { ByteString.CopyFrom(new byte[InferCall.MaxParsedBytes + 1]), ByteString.CopyFromUtf8("x") }, Id = "b" };
        using var other = InferCall.Read(new(raw.ToByteArray()), budget);
        Assert.Null(other.Refusal);
        Assert.Equal([InferCall.MaxParsedBytes + 1, 1], other.Raw.Select(r => r.Length));
        Assert.Equal(("a", "b", 0), (other.Message.ModelName, other.Message.Id, other.Message.RawInputContents.Count));
        other.Dispose();
        Assert.Equal(0, budget.InUse);
        using var third = InferCall.Read(new(raw.ToByteArray()), new MemoryBudget(1000, 1000));
        Assert.Equal(413, third.Refusal!.Status);
    }

    [Fact]
    public async Task ModelInfer_CompressedMessage_IsRefused()
    {
        // A small compressed message can fill the memory, and the framework has no limit for it.
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, fixture.Running.GrpcUrl + "/inference.GRPCInferenceService/ModelInfer")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([1, 0, 0, 0, 1, 0]) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
            Headers = { { "TE", "trailers" }, { "grpc-encoding", "gzip" } },
        };
        using var response = await http.SendAsync(request);
        Assert.Equal("12", Assert.Single(response.Headers.GetValues("grpc-status")));
    }

    [Theory]
    [InlineData("Nothing", "inference.GRPCInferenceService")]
    [InlineData("ServerLive", "other.Service")]
    public async Task Call_UnknownMethod_IsUnimplemented(string method, string service)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => Client.SendAsync(method, [], service: service));
        Assert.Equal(StatusCode.Unimplemented, failure.StatusCode);
    }

    [Theory]
    [InlineData("my-id.1", true)]
    [InlineData("bad id", false)]
    public async Task Call_WithAnId_GetsItBackOnlyWhenHarmless(string id, bool kept)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => Client.SendAsync("ModelInfer", [], new Metadata { { "x-request-id", id } }));
        Assert.Equal(kept, failure.Trailers.GetValue("x-request-id") == id);
    }

    [Theory]
    [InlineData("/v2/health/ready")]
    [InlineData("/metrics")]
    public async Task GrpcAddress_OtherRequests_AreRefused(string path)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, fixture.Running.GrpcUrl + path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Fact]
    public async Task HttpAddress_GrpcRequest_IsRefused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/inference.GRPCInferenceService/ServerLive")
        {
            Content = new ByteArrayContent([0, 0, 0, 0, 0]) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        using var response = await fixture.Running.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.UpgradeRequired, response.StatusCode);
    }

    private static void Typed(ModelInferRequest request, InferTensorContents contents)
    {
        request.RawInputContents.Clear();
        request.Inputs[0].Contents = contents;
    }
}
