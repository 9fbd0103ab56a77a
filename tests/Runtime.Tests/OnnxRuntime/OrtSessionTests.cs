using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.OnnxRuntime;

public sealed class OrtSessionTests : IDisposable
{
    private readonly OrtEnvironment environment = OrtEnvironment.Create(2, spin: false, (_, _) => { });

    [Theory]
    [InlineData("digits_mlp")]
    [InlineData("digits_cnn")]
    public void Run_KnownImages_GivesTheKnownLogits(string model)
    {
        using var session = OrtSession.Load(environment, TestModels.Path(model + ".onnx"));
        var (x, y) = TestModels.Samples(model);
        using var input = OrtTensor.Allocate(OrtElementType.Float32, [16, 1, 8, 8]);
        x.CopyTo(input.Data<float>());
        using var options = OrtRunOptions.Create();
        using var output = Assert.Single(session.Run(options, [input], [0]));
        Assert.Equal([16, 10], output.Shape);
        Assert.All(output.Data<float>().ToArray().Zip(y), p => Assert.Equal(p.Second, p.First, 1e-4f));
    }

    [Fact]
    public void Load_Digits_DescribesInputsAndOutputs()
    {
        using var session = OrtSession.Load(environment, TestModels.Path("digits_cnn.onnx"));
        Assert.Equal("input: Float32[-1,1,8,8]", Assert.Single(session.Inputs).ToString());
        Assert.Equal("logits: Float32[-1,10]", Assert.Single(session.Outputs).ToString());
    }

    [Fact]
    public void Load_NoModel_SaysWhatIsWrong()
    {
        var failure = Assert.Throws<OrtException>(() => OrtSession.Load(environment, TestModels.Path("expected.json")));
        Assert.Equal(OrtErrorCode.InvalidProtobuf, failure.Code);
        Assert.NotEmpty(failure.Message);
    }

    [Fact]
    public void Load_MissingFile_Fails() =>
        Assert.Equal(OrtErrorCode.NoSuchFile, Assert.Throws<OrtException>(() => OrtSession.Load(environment, TestModels.Path("none.onnx"))).Code);

    [Fact]
    public void Run_WrongNumberOfInputs_IsRefusedBeforeTheEngine()
    {
        using var session = OrtSession.Load(environment, TestModels.Path("digits_mlp.onnx"));
        using var options = OrtRunOptions.Create();
        Assert.Throws<ArgumentOutOfRangeException>(() => session.Run(options, [], [0]));
    }

    [Fact]
    public void Run_WrongElementType_FailsAsInvalidArgument()
    {
        using var session = OrtSession.Load(environment, TestModels.Path("digits_mlp.onnx"));
        using var input = OrtTensor.Allocate(OrtElementType.Int32, [1, 1, 8, 8]);
        input.Data<int>().Clear();
        using var options = OrtRunOptions.Create();
        Assert.Equal(OrtErrorCode.InvalidArgument, Assert.Throws<OrtException>(() => session.Run(options, [input], [0])).Code);
    }

    [Fact]
    public void Run_Terminated_FailsInsteadOfFinishing()
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder.File("slow.onnx"), OnnxBuilder.Slow());
        using var session = OrtSession.Load(environment, folder.File("slow.onnx"));
        using var size = OrtTensor.Allocate(OrtElementType.Int64, [2]);
        size.Data<long>().Fill(16);
        using var options = OrtRunOptions.Create();
        options.Terminate();
        Assert.Throws<OrtException>(() => session.Run(options, [size], [0]));
    }

    [Fact]
    public async Task Dispose_DuringRuns_LetsThemFinish()
    {
        var session = OrtSession.Load(environment, TestModels.Path("digits_mlp.onnx"));
        using var begun = new CountdownEvent(4);
        var runs = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            using var input = OrtTensor.Allocate(OrtElementType.Float32, [1, 1, 8, 8]);
            input.Data<float>().Clear();
            begun.Signal();
            var done = 0;
            try
            {
                for (; done < 1_000_000; done++)
                {
                    using var options = OrtRunOptions.Create();
                    session.Run(options, [input], [0])[0].Dispose();
                }
            }
            catch (ObjectDisposedException)
            {
                return done;
            }

            return -1;
        })).ToList();
        begun.Wait();
        await Task.Delay(50);
        session.Dispose();
        Assert.All(await Task.WhenAll(runs), done => Assert.NotEqual(-1, done));
    }

    [Fact]
    public void Allocate_Memory_IsAligned()
    {
        using var tensor = OrtTensor.Allocate(OrtElementType.UInt8, [3]);
        unsafe
        {
            fixed (byte* start = tensor.Data<byte>())
            {
                Assert.Equal(0, (nint)start % 64);
            }
        }
    }

    [Fact]
    public void Version_OfTheLibrary_IsTheOneBuiltWith() => Assert.Equal("1.30.0", OrtApi.Version);

    public void Dispose() => environment.Dispose();
}
