using Ops.Runtime.Configuration;
using Ops.Runtime.Processing;
using Ops.Runtime.Scheduling;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Configuration;

public sealed class RuntimeOptionsValidatorTests
{
    [Fact]
    public void Validate_GoodOptions_Succeeds()
    {
        var result = new RuntimeOptionsValidator().Validate(null, Good());
        Assert.True(result.Succeeded, result.FailureMessage);
    }

    [Fact]
    public void Validate_SeveralFaults_NamesEachKey()
    {
        var options = Good();
        options.Urls = "https://127.0.0.1:1";
        options.GrpcUrls = "http://127.0.0.1:1/path";
        options.CacheFolder = "relative";
        options.QueueLimit = 0;
        options.DrainGraceSeconds = double.NaN;
        options.Models[0].Name = "../digits";
        options.Models[0].Digest = "abc";
        options.Models[0].Files[0].Path = "a/../../b.onnx";
        options.Models[0].Files[0].Source = "ftp://host/x";
        options.Models[0].Files[0].Size = -1;
        options.Models.Add(TestModels.Options("other", "1"));
        options.Models[1].Format = "pickle";
        options.Otlp.Endpoint = "collector:4317";
        options.Otlp.Protocol = "http/json";
        options.Models[0].Processing = new ProcessingOptions { Inputs = [new() { Name = "input", Color = "CMYK" }] };

        var failures = new RuntimeOptionsValidator().Validate(null, options).Failures!.Select(f => f.Split(' ')[0]).ToHashSet();

        string[] expected =
        [
            "Urls", "GrpcUrls", "CacheFolder", "QueueLimit", "DrainGraceSeconds", "Models:0:Name", "Models:0:Digest", "Models:0:Files:0:Path",
            "Models:0:Files:0:Source", "Models:0:Files:0:Size", "Models:1:Format", "Models:1:Files",
            "Otlp:Endpoint", "Otlp:Protocol", "Models:0:Processing:Inputs:0:Color",
        ];
        Assert.Equal(expected.Select(k => "Ops:Runtime:" + k).Order(), failures.Order());
    }

    [Fact]
    public void Validate_FaultsOfScheduling_NamesEachKey()
    {
        var options = Good();
        options.Models[0].Instances = -1;
        options.Models[0].Batching = new BatchingOptions { Enabled = (BatchingMode)7, MaxBatchSize = 8, PreferredBatchSizes = [4, 9], MaxQueueDelayMicroseconds = -1 };
        options.Models[0].Queue = new QueueOptions { Limit = -1, PriorityLevels = 2, DefaultPriority = 3, DefaultTimeoutMilliseconds = -1, MaxTimeoutMilliseconds = -1 };

        var failures = new RuntimeOptionsValidator().Validate(null, options).Failures!.Select(f => f.Split(' ')[0]).ToHashSet();

        string[] expected =
        [
            "Instances", "Batching:Enabled", "Batching:PreferredBatchSizes", "Batching:MaxQueueDelayMicroseconds", "Queue:Limit",
            "Queue:DefaultPriority", "Queue:DefaultTimeoutMilliseconds", "Queue:MaxTimeoutMilliseconds",
        ];
        Assert.Equal(expected.Select(k => "Ops:Runtime:Models:0:" + k).Order(), failures.Order());
    }

    [Fact]
    public void Validate_SameNameAndVersionTwice_Fails()
    {
        var options = Good();
        options.Models.Add(TestModels.Digits());
        Assert.Contains("Ops:Runtime:Models:1", new RuntimeOptionsValidator().Validate(null, options).FailureMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_PathsThatDifferOnlyInCase_Fails()
    {
        var options = Good();
        var file = options.Models[0].Files[0];
        options.Models[0].Files.Add(new ModelFileOptions { Path = "MODEL.onnx", Source = file.Source, Sha256 = file.Sha256, Size = file.Size });
        Assert.Contains("Files:1:Path", new RuntimeOptionsValidator().Validate(null, options).FailureMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_FileWhereAnotherNeedsAFolder_Fails()
    {
        var options = Good();
        var file = options.Models[0].Files[0];
        options.Models[0].Files.Add(new ModelFileOptions { Path = "Model.onnx/data/weights.bin", Source = file.Source, Sha256 = file.Sha256, Size = file.Size });
        Assert.Contains("Files:1:Path needs a folder", new RuntimeOptionsValidator().Validate(null, options).FailureMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_ExecutionFaults_NamesEachKey()
    {
        var options = Good();
        options.ProfileFolder = "relative";
        options.ArenaExtend = "fast";
        options.InterOpThreads = 0;
        options.Execution = new ExecutionOptions
        {
            GraphOptimization = "most",
            RunThreads = "two",
            WarmUpRuns = -1,
            WarmUpShapes = { ["x"] = [1, -1] },
            FreeDimensions = { ["batch"] = 0 },
        };
        options.Models[0].Execution.Providers =
        [
            new() { Name = "cuda", Options = { ["gpu_mem_limit"] = "1000", ["user_compute_stream"] = "1" } },
            new() { Name = "tensorrt", Options = { ["trt_extra_plugin_lib_paths"] = "/tmp/evil.so", ["trt_engine_cache_path"] = "/tmp" } },
            new() { Name = "rocm" },
        ];

        var failures = new RuntimeOptionsValidator().Validate(null, options).Failures!.Select(f => f.Split(' ')[0]).ToHashSet();

        string[] expected =
        [
            "ProfileFolder", "ArenaExtend", "InterOpThreads", "Execution:GraphOptimization", "Execution:RunThreads", "Execution:WarmUpRuns", "Execution:WarmUpShapes:x",
            "Execution:FreeDimensions:batch", "Models:0:Execution:Providers:0:Options:user_compute_stream",
            "Models:0:Execution:Providers:1:Options:trt_extra_plugin_lib_paths", "Models:0:Execution:Providers:1:Options:trt_engine_cache_path",
            "Models:0:Execution:Providers:2:Name",
        ];
        Assert.Equal(expected.Select(k => "Ops:Runtime:" + k).Order(), failures.Order());
    }

    [Theory]
    [InlineData(".Optimized/model.onnx")]
    [InlineData("a/.incoming")]
    public void Validate_FileWhereTheRuntimeKeepsItsOwn_Fails(string path)
    {
        var options = Good();
        options.Models[0].Files[0].Path = path;
        Assert.Contains("Models:0:Files:0:Path", new RuntimeOptionsValidator().Validate(null, options).FailureMessage, StringComparison.Ordinal);
    }

    private static RuntimeOptions Good() => new()
    {
        Urls = "http://127.0.0.1:0",
        CacheFolder = Path.GetTempPath(),
        Models = [TestModels.Digits()],
    };
}
