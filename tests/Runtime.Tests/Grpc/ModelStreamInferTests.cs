using System.Runtime.InteropServices;
using Grpc.Core;
using Ops.Runtime.Grpc.Protocol;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Grpc;

/// <summary>Many requests over one call.</summary>
public sealed class ModelStreamInferTests(GrpcServer fixture) : IClassFixture<GrpcServer>
{
    [Fact]
    public async Task ModelStreamInfer_ManyRequests_AreAnsweredInTheirOrder()
    {
        var (x, y) = TestModels.Samples("digits_mlp");
        using var call = fixture.Client.Stream();
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                var request = GrpcClient.Raw<float>("digits", "input", "FP32", [1, 1, 8, 8], x.AsSpan(i % 16 * 64, 64));
                request.ModelVersion = "3";
                request.Id = $"{i}";
                await call.RequestStream.WriteAsync(request);
            }

            await call.RequestStream.CompleteAsync();
        });
        for (var i = 0; i < 100; i++)
        {
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
            var response = call.ResponseStream.Current;
            Assert.Equal((string.Empty, $"{i}"), (response.ErrorMessage, response.InferResponse.Id));
            var logits = MemoryMarshal.Cast<byte, float>(response.InferResponse.RawOutputContents[0].Span).ToArray();
            Assert.All(logits.Zip(y.Skip(i % 16 * 10)), p => Assert.Equal(p.Second, p.First, 1e-4f));
        }

        Assert.False(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        await writing;
    }

    [Fact]
    public async Task ModelStreamInfer_BadRequest_IsAnsweredAndTheStreamGoesOn()
    {
        using var call = fixture.Client.Stream();
        var bad = GrpcClient.Raw<byte>("digits", "other", "FP32", [1, 1, 8, 8], new byte[256]);
        bad.Id = "bad";
        var unknown = GrpcClient.Raw<byte>("none", "input", "FP32", [1, 1, 8, 8], new byte[256]);
        var good = GrpcClient.Raw<byte>("digits", "input", "FP32", [1, 1, 8, 8], new byte[256]);
        good.Id = "good";
        foreach (var request in (ModelInferRequest[])[bad, unknown, good])
        {
            await call.RequestStream.WriteAsync(request);
        }

        await call.RequestStream.CompleteAsync();
        var answers = new List<ModelStreamInferResponse>();
        await foreach (var answer in call.ResponseStream.ReadAllAsync(CancellationToken.None))
        {
            answers.Add(answer);
        }

        Assert.Equal(["bad", string.Empty, "good"], answers.Select(a => a.InferResponse.Id));
        Assert.Equal("The model has no input 'other'.", answers[0].ErrorMessage);
        Assert.Empty(answers[0].InferResponse.Outputs);
        Assert.Equal("There is no such model or version.", answers[1].ErrorMessage);
        Assert.Equal(string.Empty, answers[2].ErrorMessage);
        Assert.Single(answers[2].InferResponse.Outputs);
    }

    [Fact]
    public async Task ModelStreamInfer_MessageOverTheLimit_EndsTheStreamAfterTheAnswersBefore()
    {
        using var call = fixture.Client.Stream();
        await call.RequestStream.WriteAsync(GrpcClient.Raw<byte>("digits", "input", "FP32", [1, 1, 8, 8], new byte[256]));
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        // The server may refuse it before all of it is sent.
        await Record.ExceptionAsync(() => call.RequestStream.WriteAsync(GrpcClient.Raw<byte>("digits", "input", "FP32", [1, 1, 8, 8], new byte[3_000_001])));
        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode);
    }

    [Fact]
    public async Task ModelStreamInfer_ClientGivesUp_LeavesNothingBehind()
    {
        using (var call = fixture.Client.Stream())
        {
            for (var i = 0; i < 200; i++)
            {
                await call.RequestStream.WriteAsync(GrpcClient.Raw<byte>("digits", "input", "FP32", [1, 1, 8, 8], new byte[256]));
            }
        }

        await Eventually.TrueAsync(() => fixture.Running.InFlight.Count == 0, "the stream to end");
        using var after = fixture.Client.Stream();
        await after.RequestStream.WriteAsync(GrpcClient.Raw<byte>("digits", "input", "FP32", [1, 1, 8, 8], new byte[256]));
        Assert.True(await after.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(string.Empty, after.ResponseStream.Current.ErrorMessage);
    }
}
