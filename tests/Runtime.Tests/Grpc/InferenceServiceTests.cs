using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using Ops.Runtime.Grpc.Protocol;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Grpc;

/// <summary>Health and metadata.</summary>
public sealed class InferenceServiceTests(GrpcServer fixture) : IClassFixture<GrpcServer>
{
    private GrpcClient Client => fixture.Client;

    [Fact]
    public async Task Health_OfServerAndModels_IsReady()
    {
        Assert.True((await Client.CallAsync<ServerLiveRequest, ServerLiveResponse>("ServerLive", new())).Live);
        Assert.True((await Client.CallAsync<ServerReadyRequest, ServerReadyResponse>("ServerReady", new())).Ready);
        Assert.True((await Client.CallAsync<ModelReadyRequest, ModelReadyResponse>("ModelReady", new() { Name = "digits", Version = "3" })).Ready);
        Assert.True((await Client.CallAsync<ModelReadyRequest, ModelReadyResponse>("ModelReady", new() { Name = "digits" })).Ready);
        var failure = await Assert.ThrowsAsync<RpcException>(() => Client.CallAsync<ModelReadyRequest, ModelReadyResponse>("ModelReady", new() { Name = "digits", Version = "9" }));
        Assert.Equal(StatusCode.NotFound, failure.StatusCode);
    }

    [Fact]
    public async Task Metadata_OfServerAndModels_SaysWhatThereIs()
    {
        Assert.Equal("ops-runtime", (await Client.CallAsync<ServerMetadataRequest, ServerMetadataResponse>("ServerMetadata", new())).Name);
        var model = await Client.CallAsync<ModelMetadataRequest, ModelMetadataResponse>("ModelMetadata", new() { Name = "digits" });
        Assert.Equal(
            "{ \"name\": \"digits\", \"versions\": [ \"10\", \"3\" ], \"platform\": \"onnxruntime_onnx\", \"inputs\": [ { \"name\": \"input\", \"datatype\": \"FP32\", \"shape\": [ \"-1\", \"1\", \"8\", \"8\" ] } ], \"outputs\": [ { \"name\": \"logits\", \"datatype\": \"FP32\", \"shape\": [ \"-1\", \"10\" ] } ] }",
            model.ToString());
    }

    [Fact]
    public async Task RepositoryIndex_ListsEveryVersion()
    {
        var index = await Client.CallAsync<RepositoryIndexRequest, RepositoryIndexResponse>("RepositoryIndex", new() { Ready = true });
        Assert.Equal(["digits 10 READY", "digits 3 READY", "dtypes 1 READY"], index.Models.Select(m => $"{m.Name} {m.Version} {m.State}").Order());
    }

    [Theory]
    [InlineData("", HealthCheckResponse.Types.ServingStatus.Serving)]
    [InlineData("inference.GRPCInferenceService", HealthCheckResponse.Types.ServingStatus.Serving)]
    [InlineData("digits", HealthCheckResponse.Types.ServingStatus.Serving)]
    public async Task HealthCheck_OfWhatThereIs_IsServing(string service, HealthCheckResponse.Types.ServingStatus status)
    {
        Assert.Equal(status, (await Client.Health.CheckAsync(new HealthCheckRequest { Service = service })).Status);
        using var watch = Client.Health.Watch(new HealthCheckRequest { Service = service });
        Assert.True(await watch.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        Assert.Equal(status, watch.ResponseStream.Current.Status);
    }

    [Fact]
    public async Task HealthCheck_OfNothing_IsNotFound()
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => Client.Health.CheckAsync(new HealthCheckRequest { Service = "none" }).ResponseAsync);
        Assert.Equal(StatusCode.NotFound, failure.StatusCode);
        using var watch = Client.Health.Watch(new HealthCheckRequest { Service = "none" });
        Assert.True(await watch.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.ServiceUnknown, watch.ResponseStream.Current.Status);
    }

    [Fact]
    public async Task Health_OfAModelThatCannotBeLoaded_SaysWhyNot()
    {
        var broken = TestModels.Digits();
        broken.Files[0].Sha256 = new string('a', 64);
        await using var server = await TestServer.StartAsync([broken], ("GrpcUrls", "http://127.0.0.1:0"));
        using var client = new GrpcClient(server.GrpcUrl!);
        Assert.False((await client.CallAsync<ServerReadyRequest, ServerReadyResponse>("ServerReady", new())).Ready);
        Assert.False((await client.CallAsync<ModelReadyRequest, ModelReadyResponse>("ModelReady", new() { Name = "digits" })).Ready);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, (await client.Health.CheckAsync(new HealthCheckRequest())).Status);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, (await client.Health.CheckAsync(new HealthCheckRequest { Service = "digits" })).Status);
        var index = await client.CallAsync<RepositoryIndexRequest, RepositoryIndexResponse>("RepositoryIndex", new());
        Assert.Equal("UNAVAILABLE", Assert.Single(index.Models).State);
        Assert.Contains("SHA-256", index.Models[0].Reason, StringComparison.Ordinal);
        Assert.Empty((await client.CallAsync<RepositoryIndexRequest, RepositoryIndexResponse>("RepositoryIndex", new() { Ready = true })).Models);
        var failure = await Assert.ThrowsAsync<RpcException>(() => client.Infer(GrpcClient.Raw<byte>("digits", "input", "FP32", [1, 1, 8, 8], new byte[256])).ResponseAsync);
        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
    }

    [Fact]
    public async Task Repository_WithTheToken_UnloadsAndLoads()
    {
        const string token = "a-token-of-some-length";
        await using var server = await TestServer.StartAsync(
            [TestModels.Digits()], ("GrpcUrls", "http://127.0.0.1:0"), ("Repository:Enabled", "true"), ("Repository:Token", token));
        using var client = new GrpcClient(server.GrpcUrl!);
        var unload = new RepositoryModelUnloadRequest { ModelName = "digits" }.ToByteArray();
        var load = new RepositoryModelLoadRequest { ModelName = "digits" }.ToByteArray();
        var right = new Metadata { { "authorization", $"Bearer {token}" } };
        var wrong = new Metadata { { "authorization", "Bearer other" } };
        var infer = GrpcClient.Raw<byte>("digits", "input", "FP32", [1, 1, 8, 8], new byte[256]);
        Assert.Contains("model_repository", (await client.CallAsync<ServerMetadataRequest, ServerMetadataResponse>("ServerMetadata", new())).Extensions);
        Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(() => client.SendAsync("RepositoryModelUnload", unload, wrong))).StatusCode);
        await client.Infer(infer);
        await client.SendAsync("RepositoryModelUnload", unload, right);
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => client.Infer(infer).ResponseAsync)).StatusCode);
        var index = await client.CallAsync<RepositoryIndexRequest, RepositoryIndexResponse>("RepositoryIndex", new());
        Assert.Equal("UNAVAILABLE", Assert.Single(index.Models).State);
        await client.SendAsync("RepositoryModelLoad", load, right);
        await client.Infer(infer);
        var settings = new RepositoryModelLoadRequest { ModelName = "digits", Parameters = { ["config"] = new() { StringParam = "{}" } } }.ToByteArray();
        Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => client.SendAsync("RepositoryModelLoad", settings, right))).StatusCode);
        var other = new RepositoryModelLoadRequest { ModelName = "other" }.ToByteArray();
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => client.SendAsync("RepositoryModelLoad", other, right))).StatusCode);
    }

    [Fact]
    public async Task Repository_SwitchedOff_RefusesChanges()
    {
        var unload = new RepositoryModelUnloadRequest { ModelName = "digits" }.ToByteArray();
        Assert.Equal(StatusCode.PermissionDenied, (await Assert.ThrowsAsync<RpcException>(() => Client.SendAsync("RepositoryModelUnload", unload))).StatusCode);
    }

    [Fact]
    public async Task Server_WithoutAGrpcAddress_SpeaksNone()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits()]);
        Assert.Null(server.GrpcUrl);
        using var response = await server.Http.PostAsync("/inference.GRPCInferenceService/ServerLive", null);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, response.StatusCode);
    }
}
