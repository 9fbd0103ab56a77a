using Ops.Runtime.Models;
using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Models;

public sealed class OptimizedModelsTests : IDisposable
{
    private const int Reused = 1022;
    private const int Rejected = 1023;
    private const int Unloadable = 1024;
    private const int Unusable = 1026;

    private readonly OrtEnvironment environment = OrtEnvironment.Create(2, spin: false, (_, _) => { });
    private readonly RecordingLogger<OptimizedModels> log = new();
    private readonly TestFolder folder = new();
    private readonly string model = TestModels.Path("digits_cnn.onnx");

    private string Kept => folder.File(".optimized");

    private string KeptFile => Assert.Single(Directory.GetFiles(Kept));

    [Fact]
    public void Open_Twice_KeepsAndReusesWithTheSameAnswers()
    {
        Open();
        var kept = KeptFile;
        Assert.DoesNotContain(log.Entries, e => e.Id == Reused);
        var written = File.GetLastWriteTimeUtc(kept);
        Open();
        Assert.Equal(kept, KeptFile);
        Assert.Equal(written, File.GetLastWriteTimeUtc(kept));
        Assert.Equal(Reused, Assert.Single(log.Entries).Id);
    }

    [Fact]
    public void Open_KeptFileChanged_RemovesItAndOptimizesAnew()
    {
        Open();
        var kept = KeptFile;
        var good = File.ReadAllBytes(kept);
        var bad = (byte[])good.Clone();
        bad[^20] ^= 1;
        File.WriteAllBytes(kept, bad);
        Open();
        Assert.Equal(Rejected, Assert.Single(log.Entries).Id);
        Assert.Equal(good, File.ReadAllBytes(KeptFile));
    }

    [Fact]
    public void Open_KeptFileIsAnotherModelUnderItsOwnHash_RemovesWhatCannotBeLoaded()
    {
        Open();
        var kept = KeptFile;
        File.Delete(kept);
        var garbage = "no model"u8.ToArray();
        File.WriteAllBytes(Path.Combine(Kept, Path.GetFileName(kept)[..33] + TestModels.Sha256(garbage) + ".onnx"), garbage);
        Open();
        Assert.Equal(Unloadable, Assert.Single(log.Entries).Id);
        Assert.Equal(kept, KeptFile);
    }

    [Fact]
    public void Open_KeptFileRefersToOtherFiles_IsRemoved()
    {
        Open();
        var kept = KeptFile;
        File.Delete(kept);
        var outside = OnnxBuilder.WithExternalData("../secret");
        File.WriteAllBytes(Path.Combine(Kept, Path.GetFileName(kept)[..33] + TestModels.Sha256(outside) + ".onnx"), outside);
        Open();
        Assert.Equal(Unloadable, Assert.Single(log.Entries).Id);
    }

    [Fact]
    public void Open_FolderIsALink_IsNotUsed()
    {
        using var elsewhere = new TestFolder();
        Directory.CreateDirectory(elsewhere.File("target"));
        Directory.CreateSymbolicLink(Kept, elsewhere.File("target"));
        Open();
        Assert.Empty(Directory.GetFiles(elsewhere.File("target")));
        Assert.Equal(Unusable, Assert.Single(log.Entries).Id);
    }

    [Fact]
    public void Key_AnythingThatChangesTheGraph_ChangesIt()
    {
        var one = OrtSessionSettings.Default;
        OrtSessionSettings[] others =
        [
            one with { GraphOptimization = OrtGraphOptimization.Basic },
            one with { ParallelOperators = true },
            one with { FreeDimensions = new Dictionary<string, long> { ["batch"] = 1 } },
        ];
        var keys = others.Append(one).Select(s => OptimizedModels.Key("ab", s)).Append(OptimizedModels.Key("cd", one)).ToList();
        Assert.Equal(keys.Count, keys.Distinct().Count());
        Assert.Equal(OptimizedModels.Key("AB", one), OptimizedModels.Key("ab", one with { Arena = false }));
    }

    [Fact]
    public async Task Load_ModelWithExternalData_KeepsNothing()
    {
        File.WriteAllBytes(folder.File("m.onnx"), OnnxBuilder.WithExternalData("w.bin"));
        File.WriteAllBytes(folder.File("w.bin"), new byte[16]);
        var options = TestModels.Options("external", "1", TestModels.FileOptions(folder.File("m.onnx")), TestModels.FileOptions(folder.File("w.bin"), "w.bin"));
        await using var server = await TestServer.StartAsync([options, TestModels.Digits()]);
        Assert.Equal(Ops.Runtime.Lifecycle.RuntimePhase.Ready, server.State.Snapshot.Phase);
        var kept = Directory.GetDirectories(server.CacheFolder, ".optimized", SearchOption.AllDirectories);
        Assert.Equal(TestModels.Digits().Digest, Path.GetFileName(Path.GetDirectoryName(Assert.Single(kept))));
    }

    public void Dispose()
    {
        environment.Dispose();
        folder.Dispose();
    }

    private void Open()
    {
        var options = TestModels.Digits(model: "digits_cnn");
        using var session = new OptimizedModels(environment, log).Open("digits", "3", Path.GetDirectoryName(Kept)!, model, options.Files[0].Sha256, OrtSessionSettings.Default);
        var (x, y) = TestModels.Samples("digits_cnn");
        using var input = OrtTensor.Allocate(OrtElementType.Float32, [16, 1, 8, 8]);
        x.CopyTo(input.Data<float>());
        using var run = OrtRunOptions.Create();
        using var output = Assert.Single(session.Run(run, [input], [0]));
        Assert.All(output.Data<float>().ToArray().Zip(y), p => Assert.Equal(p.Second, p.First, 1e-4f));
    }
}
