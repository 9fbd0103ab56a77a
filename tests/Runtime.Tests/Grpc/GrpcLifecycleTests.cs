using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Health.V1;
using Ops.Runtime.Configuration;
using Ops.Runtime.Grpc.Protocol;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Grpc;

/// <summary>Clients that give up, and a server that stops.</summary>
public sealed class GrpcLifecycleTests
{
    private static readonly (string, string) OnGrpc = ("GrpcUrls", "http://127.0.0.1:0");
    private static readonly (string, string) ProcessOnGrpc = ("Ops__Runtime__GrpcUrls", "http://127.0.0.1:0");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ModelInfer_ClientGivesUp_EndsTheRun(bool deadline)
    {
        using var folder = new TestFolder();
        await using var server = await TestServer.StartAsync([SlowModel(folder)], OnGrpc);
        using var client = new GrpcClient(server.GrpcUrl!);
        using var cancellation = new CancellationTokenSource();
        var options = new CallOptions(
            deadline: deadline ? TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(3) : null, cancellationToken: cancellation.Token);
        var call = client.Infer(Slow(6000), options);
        await EventuallyInFlightAsync(server.Http, 1);
        if (!deadline)
        {
            await cancellation.CancelAsync();
        }

        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal(deadline ? StatusCode.DeadlineExceeded : StatusCode.Cancelled, failure.StatusCode);
        // Whole, the run would take minutes.
        await Eventually.TrueAsync(() => server.InFlight.Count == 0, "the run to end");
        var metrics = await server.Http.GetStringAsync("/metrics");
        // At its deadline a client also says that it gives up; which of the two the server sees first is chance.
        Assert.Matches($"ops_runtime_requests_total{{[^}}]*model=\"slow\"[^}}]*code=\"(499{(deadline ? "|504" : string.Empty)})\"[^}}]*}} 1", metrics);
    }

    [Fact]
    public async Task ModelInfer_FullQueue_IsUnavailable()
    {
        using var folder = new TestFolder();
        await using var server = await TestServer.StartAsync([SlowModel(folder)], OnGrpc, ("QueueLimit", "1"), ("ParallelRuns", "1"));
        using var client = new GrpcClient(server.GrpcUrl!);
        using var enough = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 2).Select(_ => client.Infer(Slow(6000), new CallOptions(cancellationToken: enough.Token))).ToList();
        await EventuallyInFlightAsync(server.Http, 2);
        RpcException? failure = null;
        await Eventually.TrueAsync(() => (failure = Record.Exception(() => client.Infer(Slow(1)).GetAwaiter().GetResult()) as RpcException) is not null, "the queue to be full");
        Assert.Equal((StatusCode.Unavailable, "Too many requests are waiting for this model."), (failure!.StatusCode, failure.Status.Detail));
        await enough.CancelAsync();
        foreach (var call in waiting)
        {
            await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        }
    }

    [Fact]
    public async Task ModelInfer_RunThatFails_SaysNoMoreThanItsId()
    {
        using var folder = new TestFolder();
        await using var server = await TestServer.StartAsync([SlowModel(folder)], OnGrpc);
        using var client = new GrpcClient(server.GrpcUrl!);
        // A tensor of 2^62 elements cannot be.
        var request = GrpcClient.Raw<long>("slow", "size", "INT64", [2], [1L << 31, 1L << 31]);
        var failure = await Assert.ThrowsAsync<RpcException>(() => client.Infer(request).ResponseAsync);
        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.Equal($"The request failed. The log of the server has the details under request id {failure.Trailers.GetValue("x-request-id")}.", failure.Status.Detail);
    }

    [Fact]
    public async Task Stop_WithIdleStreams_EndsThemWithoutWaitingForTheirClients()
    {
        var server = await TestServer.StartAsync([TestModels.Digits()], OnGrpc, ("DrainTimeoutSeconds", "600"));
        using var client = new GrpcClient(server.GrpcUrl!);
        using var stream = client.Stream();
        await stream.RequestStream.WriteAsync(OneImage());
        Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None));
        using var watch = client.Health.Watch(new HealthCheckRequest());
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, watch.ResponseStream.Current.Status);

        // A client that only looks after the connection is closed finds the status gone with it.
        var reading = stream.ResponseStream.MoveNext(CancellationToken.None);

        // With the clients holding on, it would take the 600 seconds.
        await server.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(120));
        var ended = await Assert.ThrowsAsync<RpcException>(() => reading);
        Assert.Equal((StatusCode.Unavailable, "The server is stopping."), (ended.StatusCode, ended.Status.Detail));
        var end = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await watch.ResponseStream.MoveNext(CancellationToken.None))
            {
                Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, watch.ResponseStream.Current.Status);
            }
        });
        Assert.Equal((StatusCode.Unavailable, "The server is stopping."), (end.StatusCode, end.Status.Detail));
    }

    [Fact]
    public async Task Terminate_UnderLoad_FailsNoRequest()
    {
        await using var process = RuntimeProcess.Start([TestModels.Digits()], environment: [ProcessOnGrpc]);
        await process.WaitForStateAsync("ready");
        Assert.Matches("^http://127.0.0.1:[1-9][0-9]+$", process.GrpcUrl);
        Assert.NotEqual(process.Url, process.GrpcUrl);
        using var client = new GrpcClient(process.GrpcUrl!);
        var failures = new ConcurrentBag<string>();
        var (answered, afterTerm) = (0, 0);
        var (terminated, ready) = (false, true);

        // Like a router: it is told when the replica is not serving any more, and then sends nothing.
        var watching = Task.Run(async () =>
        {
            using var watch = client.Health.Watch(new HealthCheckRequest());
            while (await watch.ResponseStream.MoveNext(CancellationToken.None) && watch.ResponseStream.Current.Status == HealthCheckResponse.Types.ServingStatus.Serving)
            {
            }

            Volatile.Write(ref ready, false);
        });
        var clients = Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            using var stream = i % 4 == 0 ? client.Stream() : null;
            while (Volatile.Read(ref ready))
            {
                try
                {
                    var response = stream is null ? await client.Infer(OneImage()) : await AskAsync(stream);
                    if (response.RawOutputContents.Count != 1)
                    {
                        failures.Add(response.ToString());
                    }

                    Interlocked.Increment(ref answered);
                    if (Volatile.Read(ref terminated))
                    {
                        Interlocked.Increment(ref afterTerm);
                    }
                }
                catch (RpcException exception)
                {
                    failures.Add(exception.ToString());
                    return;
                }
            }

            if (stream is not null)
            {
                await stream.RequestStream.CompleteAsync();
            }
        })).ToList();

        await Eventually.TrueAsync(() => Volatile.Read(ref answered) > 200, "the load to run");
        Volatile.Write(ref terminated, true);
        process.Terminate();
        await Task.WhenAll(clients);
        await watching;
        Assert.Empty(failures);
        Assert.Equal(0, (await process.WaitForExitAsync()).ExitCode);
        Assert.True(afterTerm > 0, "The load was not running any more when the signal came.");
    }

    [Fact]
    public async Task Terminate_DuringALongRun_AnswersItFirst()
    {
        using var folder = new TestFolder();
        await using var process = RuntimeProcess.Start([SlowModel(folder)], environment: [ProcessOnGrpc, ("Ops__Runtime__DrainGraceSeconds", "0")]);
        await process.WaitForStateAsync("ready");
        using var client = new GrpcClient(process.GrpcUrl!);
        using var http = new HttpClient { BaseAddress = new Uri(process.Url) };
        var run = client.Infer(Slow(1500));
        await EventuallyInFlightAsync(http, 1);
        process.Terminate();
        Assert.Equal([2], (await run).Outputs[0].Shape);
        Assert.Equal(0, (await process.WaitForExitAsync()).ExitCode);
    }

    /// <summary>Waits until requests are not only received but at work.</summary>
    private static async Task EventuallyInFlightAsync(HttpClient http, int count)
    {
        while (!(await http.GetStringAsync("/metrics")).Contains($"ops_runtime_requests_in_flight{{model=\"slow\",version=\"1\"}} {count}", StringComparison.Ordinal))
        {
            await Task.Delay(5);
        }
    }

    private static async Task<ModelInferResponse> AskAsync(AsyncDuplexStreamingCall<ModelInferRequest, ModelStreamInferResponse> stream)
    {
        await stream.RequestStream.WriteAsync(OneImage());
        Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None));
        return stream.ResponseStream.Current.InferResponse;
    }

    private static ModelInferRequest OneImage() => GrpcClient.Raw<byte>("digits", "input", "FP32", [1, 1, 8, 8], new byte[256]);

    private static ModelInferRequest Slow(long size) => GrpcClient.Raw<long>("slow", "size", "INT64", [2], [size, size]);

    private static ModelOptions SlowModel(TestFolder folder)
    {
        File.WriteAllBytes(folder.File("slow.onnx"), OnnxBuilder.Slow());
        return TestModels.Options("slow", "1", TestModels.FileOptions(folder.File("slow.onnx")));
    }
}
