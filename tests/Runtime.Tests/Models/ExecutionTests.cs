using System.Globalization;
using System.Text.RegularExpressions;
using Ops.Runtime.Configuration;
using Ops.Runtime.Lifecycle;
using Ops.Runtime.Models;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Models;

/// <summary>What the Execution sections do, in a whole server.</summary>
public sealed partial class ExecutionTests : IDisposable
{
    private readonly TestFolder folder = new();

    [Fact]
    public async Task Load_Defaults_WarmsUpAndRunsOnTheCpu()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits()]);
        var metrics = await server.Http.GetStringAsync("/metrics");
        Assert.True(WarmUpSeconds(metrics) > 0, metrics);
        Assert.Contains("ops_runtime_provider_info{model=\"digits\",version=\"3\",provider=\"cpu\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("nv_gpu_", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_NoWarmUp_SkipsIt()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits()], ("Execution:WarmUpRuns", "0"));
        Assert.Equal(0, WarmUpSeconds(await server.Http.GetStringAsync("/metrics")));
    }

    [Fact]
    public async Task Load_GuessedShapeImpossible_IsReadyAllTheSame()
    {
        await using var server = await TestServer.StartAsync([OnlyFour()]);
        Assert.Equal(RuntimePhase.Ready, server.State.Snapshot.Phase);
        Assert.Equal(0, WarmUpSeconds(await server.Http.GetStringAsync("/metrics")));
    }

    [Fact]
    public async Task Load_ZerosImpossible_IsReadyAllTheSame()
    {
        File.WriteAllBytes(folder.File("divides.onnx"), OnnxBuilder.Divides());
        await using var server = await TestServer.StartAsync([TestModels.Options("divides", "1", TestModels.FileOptions(folder.File("divides.onnx")))]);
        Assert.Equal(RuntimePhase.Ready, server.State.Snapshot.Phase);
        Assert.Equal(0, WarmUpSeconds(await server.Http.GetStringAsync("/metrics")));
    }

    [Fact]
    public async Task Load_ShapeGiven_WarmsUpWithIt()
    {
        await using var server = await TestServer.StartAsync([OnlyFour()], ("Execution:WarmUpShapes:x:0", "4"));
        Assert.True(WarmUpSeconds(await server.Http.GetStringAsync("/metrics")) > 0);
    }

    [Fact]
    public async Task Load_GivenShapeImpossible_Fails()
    {
        await using var server = await TestServer.StartAsync([OnlyFour()], ("Execution:WarmUpShapes:x:0", "3"));
        Assert.Equal(RuntimePhase.Failed, server.State.Snapshot.Phase);
        Assert.Contains("WarmUpShapes", server.State.Snapshot.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_ProviderThatIsNotThere_FallsBackAndSaysSo()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits()], ("Execution:Providers:0:Name", "cuda"));
        Assert.Equal(RuntimePhase.Ready, server.State.Snapshot.Phase);
        Assert.Contains("provider=\"cpu\"} 1\n", await server.Http.GetStringAsync("/metrics"), StringComparison.Ordinal);
        var (_, body) = await server.GetAsync("/v2/models/digits");
        Assert.Equal("cpu", body.GetProperty("parameters").GetProperty("execution_provider").GetString());
        Assert.Equal("cuda", body.GetProperty("parameters").GetProperty("execution_provider_wanted").GetString());
    }

    [Fact]
    public async Task Load_RequiredProviderThatIsNotThere_Fails()
    {
        await using var server = await TestServer.StartAsync(
            [TestModels.Digits()], ("Execution:Providers:0:Name", "cuda"), ("Execution:RequireProvider", "true"));
        Assert.Equal(RuntimePhase.Failed, server.State.Snapshot.Phase);
        Assert.Contains("cuda", server.State.Snapshot.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_ProfileFolder_GetsAProfile()
    {
        await using (var server = await TestServer.StartAsync([TestModels.Digits()], ("ProfileFolder", folder.File("profiles"))))
        {
            Assert.Equal(RuntimePhase.Ready, server.State.Snapshot.Phase);
        }

        var profile = Assert.Single(Directory.GetFiles(folder.File("profiles")));
        Assert.StartsWith("digits-3", Path.GetFileName(profile), StringComparison.Ordinal);
        Assert.Contains("model_run", File.ReadAllText(profile), StringComparison.Ordinal);
    }

    [Fact]
    public void OpenExtents_Models_GivesTheirNames()
    {
        File.WriteAllBytes(folder.File("static.onnx"), OnnxBuilder.WithNode("Relu"));
        Assert.Empty(OnnxInputs.OpenExtents(folder.File("static.onnx")));
        File.WriteAllBytes(folder.File("batch.onnx"), OnnxBuilder.OnlyFour());
        Assert.Equal(["batch"], OnnxInputs.OpenExtents(folder.File("batch.onnx")));
        File.WriteAllBytes(folder.File("unknown.onnx"), OnnxBuilder.UnknownInput());
        Assert.Equal([""], OnnxInputs.OpenExtents(folder.File("unknown.onnx")));
    }

    [Fact]
    public void Settings_ModelAndProcess_ModelGoesBefore()
    {
        var process = new RuntimeOptions { Execution = new() { GraphOptimization = "basic", WarmUpRuns = 5, Arena = false } };
        var model = new ModelOptions { Execution = new() { GraphOptimization = "disabled", Providers = [new() { Name = "cuda" }, new() { Name = "cpu" }, new() { Name = "tensorrt" }] } };
        var settings = ExecutionSettings.Of(process, model);
        Assert.Equal("disabled", settings.GraphOptimization);
        Assert.Equal(5, settings.WarmUpRuns);
        Assert.False(settings.Arena);
        Assert.True(settings.OptimizedCache);
        Assert.Equal("cuda", Assert.Single(settings.Providers).Name);
    }

    public void Dispose() => folder.Dispose();

    private ModelOptions OnlyFour()
    {
        File.WriteAllBytes(folder.File("four.onnx"), OnnxBuilder.OnlyFour());
        return TestModels.Options("four", "1", TestModels.FileOptions(folder.File("four.onnx")));
    }

    private static double WarmUpSeconds(string metrics) =>
        double.Parse(WarmUpLine().Match(metrics).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^ops_runtime_model_warmup_seconds\{model=""[^""]+"".*\} (\S+)$", RegexOptions.Multiline)]
    private static partial Regex WarmUpLine();
}
