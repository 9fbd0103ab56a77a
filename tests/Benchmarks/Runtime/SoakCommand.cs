using System.Globalization;
using Ops.Runtime.Tests.Support;
using Ops.Testing.Runtime;

namespace Ops.Benchmarks.Runtime;

/// <summary>Long runs that look for what only time shows. Each starts a runtime of its own on loopback and ends by itself.</summary>
internal static class SoakCommand
{
    private const double MiB = 1024 * 1024;
    private const double AllowedGrowthMiB = 32;
    private const string Cycled = "cycled";
    private static readonly (string, string) WithRepository = ("Ops__Runtime__Repository__Enabled", "true");

    /// <summary>Uses a runtime for some minutes as a mixed crowd does. Option: <c>--minutes 10</c>. Fails on anything unexpected, and
    /// when resident memory grew by more than 32 MiB.</summary>
    public static Task<int> SoakAsync(string[] args) => InFolderAsync(async folder =>
    {
        var minutes = args is ["--minutes", var text] ? double.Parse(text, CultureInfo.InvariantCulture) : 10;
        BenchmarkModel[] models = [BenchmarkModel.Prepare("digits_mlp", folder), BenchmarkModel.Prepare("digits_cnn", folder)];
        await using var server = await MeasuredProcess.StartRuntimeAsync(folder, [.. models, models[0].Named(Cycled)], Environment.ProcessorCount, WithRepository);
        var crowd = models.Select(m => Model(m.Name, m.Name)).ToArray();
        var report = await new SoakRun(server.Endpoints, crowd, Model(Cycled, models[0].Name), TimeSpan.FromMinutes(minutes)).RunAsync();
        Console.WriteLine(report);
        return report.ErrorCount == 0 && report.Growth <= AllowedGrowthMiB * MiB;
    });

    /// <summary>Unloads and loads a small model many times, without the trial of batches that takes most of a load's time. Option: <c>--cycles 10000</c>. Fails on anything unexpected, and when
    /// resident memory grew by more than 32 MiB after the first quarter.</summary>
    public static Task<int> LoadsAsync(string[] args) => InFolderAsync(async folder =>
    {
        var cycles = args is ["--cycles", var text] ? int.Parse(text, CultureInfo.InvariantCulture) : 10_000;
        var model = BenchmarkModel.Prepare("digits_mlp", folder);
        await using var server = await MeasuredProcess.StartRuntimeAsync(folder, [model], Environment.ProcessorCount, WithRepository, ("Ops__Runtime__Models__0__Batching__Enabled", "off"));
        var samples = await LoadCycles.RunAsync(server.Endpoints.Http, model.Bodies, cycles);
        Console.WriteLine($"{cycles} cycles of unload and load");
        Console.WriteLine(LoadCycles.Describe(samples));
        return LoadCycles.Growth(samples) <= AllowedGrowthMiB * MiB;
    });

    private static async Task<int> InFolderAsync(Func<string, Task<bool>> run)
    {
        var folder = Directory.CreateTempSubdirectory("ops-soak-").FullName;
        try
        {
            var good = await run(folder);
            Console.WriteLine(good ? "PASS" : "FAIL");
            return good ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static SoakModel Model(string name, string file)
    {
        var (images, answers) = TestModels.Samples(file);
        return new SoakModel(name, images, answers);
    }
}
