using System.Globalization;
using System.Text.RegularExpressions;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Lifecycle;

/// <summary>What the engine makes of a process's surroundings; the engine is set up once per process.</summary>
public sealed partial class EngineProcessTests
{
    [Fact]
    public async Task Threads_OneCpuAllowed_IsOne()
    {
        await using var process = RuntimeProcess.StartOnCpus(FirstCpu(), [TestModels.Digits()], ("Ops__Runtime__Threads", "0"));
        await process.WaitForStateAsync("ready");
        using var http = new HttpClient { BaseAddress = new Uri(process.Url) };
        Assert.Contains("\nops_runtime_inference_threads 1\n", await http.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Arena_GrowsByWhatIsAskedFor_AnswersAllTheSame()
    {
        await using var process = RuntimeProcess.Start(
            [TestModels.Digits("1"), TestModels.Digits("2", "digits_cnn")],
            environment: [("Ops__Runtime__ArenaExtend", "same-as-requested"), ("Ops__Runtime__InterOpThreads", "2"), ("Ops__Runtime__Execution__ParallelOperators", "true")]);
        await process.WaitForStateAsync("ready");
        using var http = new HttpClient { BaseAddress = new Uri(process.Url) };
        var (x, y) = TestModels.Samples("digits_cnn");
        var data = string.Join(',', x.Select(v => v.ToString("R", CultureInfo.InvariantCulture)));
        using var response = await http.PostAsync(
            "/v2/models/digits/versions/2/infer",
            new StringContent($"{{\"inputs\":[{{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[16,1,8,8],\"data\":[{data}]}}]}}"));
        using var body = System.Text.Json.JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        var answers = body.RootElement.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(v => v.GetSingle());
        Assert.All(answers.Zip(y), p => Assert.Equal(p.Second, p.First, 1e-4f));
    }

    /// <summary>A CPU that this process may use, which need not be the machine's first.</summary>
    private static string FirstCpu() => AllowedCpus().Match(File.ReadAllText("/proc/self/status")).Groups[1].Value;

    [GeneratedRegex(@"^Cpus_allowed_list:\s*(\d+)", RegexOptions.Multiline)]
    private static partial Regex AllowedCpus();
}
