using System.Globalization;
using Ops.Runtime.Configuration;
using Ops.Runtime.Tests.Support;
using Ops.Testing.Runtime;

namespace Ops.Runtime.Tests.Soak;

/// <summary>A process in use for a while. <c>OPS_TEST_SOAK_SECONDS</c> says for how long; two minutes unless it does.</summary>
public sealed class SoakTests(ITestOutputHelper output)
{
    private const long AllowedGrowth = 32 * 1024 * 1024;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(
        Environment.GetEnvironmentVariable("OPS_TEST_SOAK_SECONDS") is { Length: > 0 } text ? double.Parse(text, CultureInfo.InvariantCulture) : 120);

    private const int Cycles = 500;
    private const long AllowedGrowthOfCycles = 16 * 1024 * 1024;
    private static readonly (string, string) WithRepository = ("Ops__Runtime__Repository__Enabled", "true");
    private static readonly (string, string) WithGrpc = ("Ops__Runtime__GrpcUrls", "http://127.0.0.1:0");

    /// <summary>The collector lets garbage grow with the processor's cache before it collects for the first time: to 80 MiB
    /// where that has 300. Bounded to 8, what grows is what is kept.</summary>
    private static readonly (string, string) WithEagerCollector = ("DOTNET_GCgen0size", "0x800000");

    [Fact]
    public async Task Use_ByAMixedCrowd_KeepsMemoryFlatAndFailsNothing()
    {
        await using var process = RuntimeProcess.Start([Options("digits_mlp"), Options("digits_cnn"), Options("digits_mlp", "cycled")], environment: [WithRepository, WithGrpc, WithEagerCollector]);
        await process.WaitForStateAsync("ready");

        SoakModel[] crowd = [Model("digits_mlp"), Model("digits_cnn")];
        var report = await new SoakRun(process.Endpoints, crowd, Model("digits_mlp", "cycled"), Duration).RunAsync();

        output.WriteLine(report.ToString());
        Assert.Empty(report.Errors);
        foreach (var what in Protocol.All.SelectMany(p => (string[])["answered", "abandoned", "refused 400", "refused 404"], (p, w) => $"{p.Name} {w}").Append("cycles of unload and load"))
        {
            Assert.True(report.Counts.GetValueOrDefault(what) > 0, $"There was none of: {what}.");
        }

        Assert.True(report.Growth <= AllowedGrowth, report.ToString());
    }

    [Fact]
    public async Task UnloadAndLoad_FiveHundredTimes_KeepsMemoryFlat()
    {
        // Without the trial of batches, which takes longer than all the rest of a load.
        await using var process = RuntimeProcess.Start([Options("digits_mlp")], environment: [WithRepository, WithEagerCollector, ("Ops__Runtime__Models__0__Batching__Enabled", "off")]);
        await process.WaitForStateAsync("ready");
        var (images, _) = TestModels.Samples("digits_mlp");

        var samples = await LoadCycles.RunAsync(process.Endpoints.Http, new InferBodies("digits_mlp", "input", "logits", [1, 1, 8, 8], images[..64]), Cycles);

        output.WriteLine(LoadCycles.Describe(samples));
        Assert.True(LoadCycles.Growth(samples) <= AllowedGrowthOfCycles, LoadCycles.Describe(samples));
    }

    private static ModelOptions Options(string file, string? name = null) =>
        TestModels.Options(name ?? file, "1", TestModels.FileOptions(TestModels.Path(file + ".onnx")));

    private static SoakModel Model(string file, string? name = null)
    {
        var (images, answers) = TestModels.Samples(file);
        return new SoakModel(name ?? file, images, answers);
    }
}
