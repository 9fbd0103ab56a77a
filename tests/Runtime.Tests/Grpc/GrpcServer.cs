using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Grpc;

/// <summary>One server with the usual models for all tests of a class.</summary>
public sealed class GrpcServer : IAsyncLifetime
{
    internal TestServer Running { get; private set; } = null!;

    internal GrpcClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Running = await TestServer.StartAsync(
            [TestModels.Digits("3"), TestModels.Digits("10", "digits_cnn"), TestModels.Options("dtypes", "1", TestModels.FileOptions(TestModels.Path("dtypes.onnx")))],
            ("MaxRequestBytes", "3000000"),
            ("GrpcUrls", "http://127.0.0.1:0"));
        Client = new GrpcClient(Running.GrpcUrl!);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Running.DisposeAsync();
    }
}
