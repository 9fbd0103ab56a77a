using System.ComponentModel;
using System.Diagnostics;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Grpc;

/// <summary>A client that shares no code with the server: grpc-js under Node, with the .proto file alone.</summary>
public sealed class InteropTests
{
    private const string Package =
        "{\"private\":true,\"dependencies\":{\"@grpc/grpc-js\":\"1.14.7\",\"@grpc/proto-loader\":\"0.8.1\"}}";

    [Fact]
    public async Task ForeignClient_KnownImages_GetsTheKnownLogits()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder.File("package.json"), Package);
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Interop", "interop-client.js"), folder.File("interop-client.js"));
        await using var server = await TestServer.StartAsync([TestModels.Digits()], ("GrpcUrls", "http://127.0.0.1:0"));
        var (installed, log) = await RunAsync(folder, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error");
        Assert.True(installed == 0, $"npm could not install grpc-js, which this test needs: {log}");
        var (code, output) = await RunAsync(
            folder, "node", "interop-client.js", Path.Combine(AppContext.BaseDirectory, "Interop", "grpc_service.proto"), new Uri(server.GrpcUrl!).Authority, TestModels.Path("expected.json"));
        Assert.True(code == 0 && output.Contains("all as expected", StringComparison.Ordinal), output);
    }

    private static async Task<(int Code, string Output)> RunAsync(TestFolder folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder.Path, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
            try
            {
                await process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                Assert.Fail($"{program} did not end within five minutes.");
            }

            return (process.ExitCode, await output + await errors);
        }
        catch (Win32Exception exception)
        {
            Assert.Fail($"This test needs Node.js with npm: {exception.Message}");
            throw;
        }
    }
}
