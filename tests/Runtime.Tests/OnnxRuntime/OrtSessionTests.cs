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
    public void Run_IntoGivenOutput_WritesThere()
    {
        using var session = OrtSession.Load(environment, TestModels.Path("digits_mlp.onnx"));
        var (x, y) = TestModels.Samples("digits_mlp");
        using var input = OrtTensor.Allocate(OrtElementType.Float32, [16, 1, 8, 8]);
        x.CopyTo(input.Data<float>());
        using var output = OrtTensor.Allocate(OrtElementType.Float32, [16, 10]);
        output.Data<float>().Fill(float.NaN);
        using var options = OrtRunOptions.Create();
        session.Run(options, [input], [0], [output]);
        Assert.All(output.Data<float>().ToArray().Zip(y), p => Assert.Equal(p.Second, p.First, 1e-4f));
    }

    [Theory]
    [InlineData(16, true)]
    [InlineData(1, true)]
    [InlineData(0, false)]
    public void Run_ShapeKnownFromAnEarlierRun_AnswersInMemoryOfThePool(int rows, bool showsSomething)
    {
        using var session = OrtSession.Load(environment, TestModels.Path("digits_mlp.onnx"));
        var (x, y) = TestModels.Samples("digits_mlp");
        using var input = OrtTensor.Allocate(OrtElementType.Float32, [rows, 1, 8, 8]);
        x[..(rows * 64)].CopyTo(input.Data<float>());
        using var options = OrtRunOptions.Create();
        using var first = Assert.Single(session.Run(options, [input], [0]));
        using var second = Assert.Single(session.Run(options, [input], [0]));
        Assert.False(first.IsPooled, "no run had shown yet that the model keeps to what it declares");
        Assert.Equal(showsSomething, second.IsPooled);
        Assert.Equal([rows, 10], second.Shape);
        Assert.All(second.Data<float>().ToArray().Zip(y), p => Assert.Equal(p.Second, p.First, 1e-4f));
    }

    [Fact]
    public void Run_GivenOutputOfWrongShape_Fails()
    {
        using var session = OrtSession.Load(environment, TestModels.Path("digits_mlp.onnx"));
        using var input = OrtTensor.Allocate(OrtElementType.Float32, [2, 1, 8, 8]);
        input.Data<float>().Clear();
        using var output = OrtTensor.Allocate(OrtElementType.Float32, [3, 10]);
        using var options = OrtRunOptions.Create();
        Assert.Throws<OrtException>(() => session.Run(options, [input], [0], [output]));
    }

    [Fact]
    public void Run_InputHandedThrough_OutputHasMemoryOfItsOwn()
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder.File("two.onnx"), OnnxBuilder.SumAndSelf());
        using var session = OrtSession.Load(environment, folder.File("two.onnx"));
        using var input = Floats(1, 2, 3, 4);
        using var options = OrtRunOptions.Create();
        using var first = Assert.Single(session.Run(options, [input], [1]));
        using var second = Assert.Single(session.Run(options, [input], [1]));
        input.Data<float>().Clear();
        Assert.Equal([1, 2, 3, 4], first.Data<float>().ToArray());
        Assert.Equal([1, 2, 3, 4], second.Data<float>().ToArray());
    }

    [Fact]
    public void Run_ConstantHandedThrough_IsTheSameEveryTime()
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder.File("constant.onnx"), OnnxBuilder.ConstantAndNegated());
        using var session = OrtSession.Load(environment, folder.File("constant.onnx"));
        using var options = OrtRunOptions.Create();
        for (var i = 0; i < 3; i++)
        {
            using var input = Floats(i, 1);
            var outputs = session.Run(options, [input], [0, 1]);
            using var constant = outputs[0];
            using var negated = outputs[1];
            Assert.Equal([1, 2, 3, 4], constant.Data<float>().ToArray());
            Assert.Equal([-i, -1], negated.Data<float>().ToArray());
        }
    }

    [Fact]
    public void Run_OnlyTheRunCanTellAShape_TakesTheEnginesMemory()
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder.File("model.onnx"), OnnxBuilder.UnknownExtent());
        using var unknown = OrtSession.Load(environment, folder.File("model.onnx"));
        using var input = Floats(1, 0, 3, 0);
        using var options = OrtRunOptions.Create();
        unknown.Run(options, [input], [0])[0].Dispose();
        using var output = Assert.Single(unknown.Run(options, [input], [0]));
        Assert.False(output.IsPooled);
    }

    [Fact]
    public void Run_ModelBreaksItsWord_GivesWhatItMakes()
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder.File("model.onnx"), OnnxBuilder.BreaksItsWord());
        using var session = OrtSession.Load(environment, folder.File("model.onnx"));
        using var input = OrtTensor.Allocate(OrtElementType.Float32, [3, 4]);
        input.Data<float>().Clear();
        using var options = OrtRunOptions.Create();
        for (var i = 0; i < 3; i++)
        {
            using var output = Assert.Single(session.Run(options, [input], [0]));
            Assert.Equal([12], output.Shape);
            Assert.False(output.IsPooled);
        }
    }

    [Fact]
    public void Run_ModelBreaksItsWordLater_GivesWhatItMakesThenToo()
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder.File("model.onnx"), OnnxBuilder.KeepsItsWordUpToFour());
        using var session = OrtSession.Load(environment, folder.File("model.onnx"));
        using var options = OrtRunOptions.Create();
        float[][] inputs = [[1, 2, 3], [4, 5, 6], [1, 2, 3, 4, 5], [7, 8, 9]];
        bool[] pooled = [false, true, false, false];
        foreach (var (values, isPooled) in inputs.Zip(pooled))
        {
            using var input = Floats(values);
            using var output = Assert.Single(session.Run(options, [input], [0]));
            Assert.Equal(values.Take(4), output.Data<float>().ToArray());
            Assert.Equal(isPooled, output.IsPooled);
        }
    }

    [Fact]
    public void Load_FreeDimensionGiven_FixesIt()
    {
        using var plain = OrtSession.Load(environment, TestModels.Path("digits_mlp.onnx"));
        var name = plain.Inputs[0].Symbols[0];
        Assert.NotEmpty(name);
        using var session = OrtSession.Load(
            environment, TestModels.Path("digits_mlp.onnx"), OrtSessionSettings.Default with { FreeDimensions = new Dictionary<string, long> { [name] = 4 } });
        Assert.Equal("input: Float32[4,1,8,8]", Assert.Single(session.Inputs).ToString());
    }

    [Theory]
    [InlineData(OrtGraphOptimization.Disabled, false, false)]
    [InlineData(OrtGraphOptimization.Basic, true, false)]
    [InlineData(OrtGraphOptimization.Extended, false, true)]
    [InlineData(OrtGraphOptimization.All, true, true)]
    internal void Run_AnySettings_GivesTheKnownLogits(OrtGraphOptimization optimization, bool arena, bool parallel)
    {
        var settings = new OrtSessionSettings { GraphOptimization = optimization, Arena = arena, ParallelOperators = parallel, MemoryPattern = false };
        using var session = OrtSession.Load(environment, TestModels.Path("digits_cnn.onnx"), settings);
        KnownLogits.Check(session, "digits_cnn");
    }

    [Fact]
    public void Run_ManySmallAfterALargeOne_StaysRight()
    {
        using var session = OrtSession.Load(environment, TestModels.Path("digits_cnn.onnx"));
        using (var large = OrtTensor.Allocate(OrtElementType.Float32, [8192, 1, 8, 8]))
        using (var options = OrtRunOptions.Create())
        {
            large.Data<float>().Clear();
            session.Run(options, [large], [0])[0].Dispose();
        }

        for (var i = 0; i < 2 * ArenaTrim.Series; i++)
        {
            KnownLogits.Check(session, "digits_cnn");
        }
    }

    [Fact]
    public void Terminate_AfterDispose_DoesNothing()
    {
        var options = OrtRunOptions.Create();
        options.Dispose();
        options.Terminate();
    }

    [Fact]
    public void Version_OfTheLibrary_IsTheOneBuiltWith() => Assert.Equal("1.31.1", OrtLibrary.Version);

    public void Dispose() => environment.Dispose();

    private static OrtTensor Floats(params float[] values)
    {
        var tensor = OrtTensor.Allocate(OrtElementType.Float32, [values.Length]);
        values.CopyTo(tensor.Data<float>());
        return tensor;
    }
}
