using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Ops.Runtime.Configuration;
using Ops.Runtime.Grpc.Protocol;
using Ops.Runtime.Inference;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Grpc;

/// <summary>Inference over real gRPC with real models.</summary>
public sealed class ModelInferTests(GrpcServer fixture) : IClassFixture<GrpcServer>
{
    private static readonly long[] Square = [2, 2];

    /// <summary>Four elements of each type of dtypes.onnx: raw, and in the field of their type where there is one.</summary>
    private static readonly (string Name, string Type, byte[] Raw, InferTensorContents? Typed)[] Elements =
    [
        ("f16", "FP16", Raw<Half>((Half)0.5f, Half.MinValue, Half.NaN, Half.PositiveInfinity), null),
        ("f32", "FP32", Raw(1.5f, float.MinValue, float.NegativeInfinity, 0.1f), new() { Fp32Contents = { 1.5f, float.MinValue, float.NegativeInfinity, 0.1f } }),
        ("f64", "FP64", Raw(0.1, double.MinValue, double.Epsilon, 3), new() { Fp64Contents = { 0.1, double.MinValue, double.Epsilon, 3 } }),
        ("i8", "INT8", Raw<sbyte>(-128, 127, 0, 1), new() { IntContents = { -128, 127, 0, 1 } }),
        ("u8", "UINT8", Raw<byte>(0, 255, 1, 2), new() { UintContents = { 0, 255, 1, 2 } }),
        ("i32", "INT32", Raw(int.MinValue, int.MaxValue, 0, 1), new() { IntContents = { int.MinValue, int.MaxValue, 0, 1 } }),
        ("i64", "INT64", Raw(long.MinValue, long.MaxValue, 0, 1), new() { Int64Contents = { long.MinValue, long.MaxValue, 0, 1 } }),
        ("bool", "BOOL", Raw<byte>(1, 0, 0, 1), new() { BoolContents = { true, false, false, true } }),
        ("str", "BYTES", GrpcClient.Strings(string.Empty, "héllo ✓ 😀", "a\"b", "<script>"),
            new() { BytesContents = { ByteString.Empty, ByteString.CopyFromUtf8("héllo ✓ 😀"), ByteString.CopyFromUtf8("a\"b"), ByteString.CopyFromUtf8("<script>") } }),
    ];

    private GrpcClient Client => fixture.Client;

    [Theory]
    [InlineData("digits_mlp", "3", false)]
    [InlineData("digits_cnn", "10", false)]
    [InlineData("digits_cnn", "", true)]
    public async Task ModelInfer_KnownImages_GivesTheKnownLogits(string model, string version, bool typed)
    {
        var (x, y) = TestModels.Samples(model);
        var request = GrpcClient.Raw<float>("digits", "input", "FP32", [16, 1, 8, 8], x);
        if (typed)
        {
            request.RawInputContents.Clear();
            request.Inputs[0].Contents = new InferTensorContents { Fp32Contents = { x } };
        }

        request.ModelVersion = version;
        request.Id = "seven";
        var response = await Client.Infer(request);
        Assert.Equal("seven", response.Id);
        Assert.Equal("digits", response.ModelName);
        Assert.Equal(version.Length == 0 ? "10" : version, response.ModelVersion);
        var output = Assert.Single(response.Outputs);
        Assert.Equal(("logits", "FP32"), (output.Name, output.Datatype));
        Assert.Equal([16, 10], output.Shape);
        Assert.Null(output.Contents);
        var logits = MemoryMarshal.Cast<byte, float>(Assert.Single(response.RawOutputContents).Span).ToArray();
        Assert.Equal(y.Length, logits.Length);
        Assert.All(logits.Zip(y), p => Assert.Equal(p.Second, p.First, 1e-4f));
    }

    [Fact]
    public async Task ModelInfer_AllElementTypesRaw_ComeBackUnchanged()
    {
        var request = new ModelInferRequest { ModelName = "dtypes" };
        foreach (var (name, type, raw, _) in Elements)
        {
            GrpcClient.AddRaw(request, "in_" + name, type, Square, raw);
        }

        AssertUnchanged(await Client.Infer(request));
    }

    [Fact]
    public async Task ModelInfer_TypedContents_ComeBackUnchanged()
    {
        // FP16 has no typed field, and raw excludes typed: the type is left out by a model that does not have it.
        using var folder = new TestFolder();
        await using var server = await TestServer.StartAsync([TypedModel(folder)], ("GrpcUrls", "http://127.0.0.1:0"));
        using var client = new GrpcClient(server.GrpcUrl!);
        var typed = Elements.Where(e => e.Typed is not null).Append(More[0]).Append(More[1]).Append(More[2]).Append(More[3]).ToList();
        var request = new ModelInferRequest { ModelName = "typed" };
        foreach (var (name, type, _, contents) in typed)
        {
            GrpcClient.AddTyped(request, name, type, [4], contents!);
        }

        var response = await client.Infer(request);
        Assert.Equal(typed.Count, response.Outputs.Count);
        for (var i = 0; i < typed.Count; i++)
        {
            Assert.Equal(("out_" + typed[i].Name, typed[i].Type), (response.Outputs[i].Name, response.Outputs[i].Datatype));
            Assert.Equal(typed[i].Raw, response.RawOutputContents[i].ToByteArray());
        }
    }

    [Fact]
    public async Task ModelInfer_SomeOutputs_ReturnsThoseInTheOrderAskedFor()
    {
        var request = AllRaw();
        request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "out_str", Parameters = { ["binary_data"] = new() { BoolParam = true } } });
        request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "f32_shape" });
        request.Parameters["binary_data_output"] = new() { BoolParam = true };
        request.Parameters["priority"] = new() { Uint64Param = 1 };
        request.Parameters["timeout"] = new() { Int64Param = 600_000_000 };
        request.Parameters["unknown"] = new() { StringParam = "x" };
        var response = await Client.Infer(request);
        Assert.Equal(["out_str", "f32_shape"], response.Outputs.Select(o => o.Name));
        Assert.Equal(Raw(2L, 2L), response.RawOutputContents[1].ToByteArray());
        Assert.Equal(string.Empty, response.Id);
    }

    [Fact]
    public async Task ModelInfer_Classification_ReturnsTheHighestClasses()
    {
        var (x, y) = TestModels.Samples("digits_mlp");
        var request = GrpcClient.Raw<float>("digits", "input", "FP32", [2, 1, 8, 8], x.AsSpan(0, 128));
        request.ModelVersion = "3";
        request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "logits", Parameters = { ["classification"] = new() { Int64Param = 1 } } });
        var response = await Client.Infer(request);
        Assert.Equal("BYTES", response.Outputs[0].Datatype);
        Assert.Equal([2, 1], response.Outputs[0].Shape);
        var text = System.Text.Encoding.UTF8.GetString(response.RawOutputContents[0].Span);
        for (var row = 0; row < 2; row++)
        {
            var scores = y.Skip(row * 10).Take(10).ToList();
            Assert.Contains($":{scores.IndexOf(scores.Max())}", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ModelInfer_StringsThatAreNoText_ComeBackUnchanged()
    {
        var request = AllRaw();
        var index = Elements.ToList().FindIndex(e => e.Name == "str");
        byte[] strings = [2, 0, 0, 0, 0, 255, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        request.RawInputContents[index] = ByteString.CopyFrom(strings);
        request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "out_str" });
        Assert.Equal(strings, (await Client.Infer(request)).RawOutputContents[0].ToByteArray());
    }

    [Fact]
    public async Task ModelInfer_WhateverHappens_GivesTheMemoryBack()
    {
        var memory = fixture.Running.Services.GetRequiredService<MemoryBudget>();
        for (var i = 0; i < 50; i++)
        {
            await Client.Infer(AllRaw());
            await Assert.ThrowsAsync<RpcException>(() => Client.Infer(GrpcClient.Raw<byte>("dtypes", "in_u8", "UINT8", Square, [1, 2, 3, 4])).ResponseAsync);
        }

        await Eventually.TrueAsync(() => memory.InUse == 0, "the memory to be given back");
    }

    [Fact]
    public async Task ModelInfer_LargeTensor_ComesBackWhole()
    {
        var numbers = Enumerable.Range(0, 700_000).ToArray();
        var request = AllRaw();
        var index = Elements.ToList().FindIndex(e => e.Name == "i32");
        request.Inputs[index].Shape.Clear();
        request.Inputs[index].Shape.Add([350_000, 2]);
        request.RawInputContents[index] = ByteString.CopyFrom(MemoryMarshal.AsBytes<int>(numbers));
        request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "out_i32" });
        var response = await Client.Infer(request);
        Assert.True(MemoryMarshal.Cast<byte, int>(response.RawOutputContents[0].Span).SequenceEqual(numbers));
    }

    [Fact]
    public async Task ModelInfer_EmptyBatch_GivesAnEmptyOutput()
    {
        var request = GrpcClient.Raw<float>("digits", "input", "FP32", [0, 1, 8, 8], []);
        request.ModelVersion = "3";
        var response = await Client.Infer(request);
        Assert.Equal([0, 10], response.Outputs[0].Shape);
        Assert.Empty(response.RawOutputContents[0]);
    }

    [Fact]
    public async Task ModelInfer_ManyAtOnce_EachGetsItsOwnAnswer()
    {
        var (x, y) = TestModels.Samples("digits_mlp");
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, cancellation) =>
        {
            var image = i % 16;
            var request = GrpcClient.Raw<float>("digits", "input", "FP32", [1, 1, 8, 8], x.AsSpan(image * 64, 64));
            request.ModelVersion = "3";
            request.Id = $"{i}";
            var response = await Client.Infer(request, new CallOptions(cancellationToken: cancellation));
            Assert.Equal($"{i}", response.Id);
            var logits = MemoryMarshal.Cast<byte, float>(response.RawOutputContents[0].Span).ToArray();
            Assert.All(logits.Zip(y[(image * 10)..((image + 1) * 10)]), p => Assert.Equal(p.Second, p.First, 1e-4f));
        });
    }

    private static readonly (string Name, string Type, byte[] Raw, InferTensorContents? Typed)[] More =
    [
        ("i16", "INT16", Raw<short>(short.MinValue, short.MaxValue, 0, 1), new() { IntContents = { short.MinValue, short.MaxValue, 0, 1 } }),
        ("u16", "UINT16", Raw<ushort>(0, ushort.MaxValue, 1, 2), new() { UintContents = { 0, ushort.MaxValue, 1, 2 } }),
        ("u32", "UINT32", Raw<uint>(0, uint.MaxValue, 1, 2), new() { UintContents = { 0, uint.MaxValue, 1, 2 } }),
        ("u64", "UINT64", Raw<ulong>(0, ulong.MaxValue, 1, 2), new() { Uint64Contents = { 0, ulong.MaxValue, 1, 2 } }),
    ];

    private static ModelOptions TypedModel(TestFolder folder)
    {
        File.WriteAllBytes(folder.File("typed.onnx"), OnnxBuilder.Identity(
            ("f32", 1, 1), ("f64", 11, 1), ("i8", 3, 1), ("u8", 2, 1), ("i32", 6, 1), ("i64", 7, 1), ("bool", 9, 1), ("str", 8, 1), ("i16", 5, 1), ("u16", 4, 1), ("u32", 12, 1), ("u64", 13, 1)));
        return TestModels.Options("typed", "1", TestModels.FileOptions(folder.File("typed.onnx")));
    }

    private static void AssertUnchanged(ModelInferResponse response)
    {
        var raw = response.Outputs.Zip(response.RawOutputContents).ToDictionary(p => p.First.Name, p => (p.First.Datatype, Bytes: p.Second.ToByteArray(), p.First.Shape));
        Assert.Equal(10, raw.Count);
        Assert.Equal(Raw(2L, 2L), raw["f32_shape"].Bytes);
        foreach (var (name, type, bytes, _) in Elements)
        {
            Assert.Equal(type, raw["out_" + name].Datatype);
            Assert.Equal(Square, raw["out_" + name].Shape);
            Assert.Equal(bytes, raw["out_" + name].Bytes);
        }
    }

    private static ModelInferRequest AllRaw()
    {
        var request = new ModelInferRequest { ModelName = "dtypes" };
        foreach (var (name, type, raw, _) in Elements)
        {
            GrpcClient.AddRaw(request, "in_" + name, type, Square, raw);
        }

        return request;
    }

    private static byte[] Raw<T>(params ReadOnlySpan<T> elements)
        where T : unmanaged => MemoryMarshal.AsBytes(elements).ToArray();
}
