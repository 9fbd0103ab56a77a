using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.OnnxRuntime;

/// <summary>Measures the memory of this whole process, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(ProcessMemoryTests), DisableParallelization = true)]
[Collection(nameof(ProcessMemoryTests))]
public sealed class ProcessMemoryTests : IDisposable
{
    private const long MiB = 1024 * 1024;

    private readonly OrtEnvironment environment = OrtEnvironment.Create(2, spin: false, (_, _) => { });

    [Fact]
    public void LoadAndDispose_HundredsOfTimes_KeepsNoMemory()
    {
        Cycle(100);
        var before = Environment.WorkingSet;
        Cycle(400);
        // A session of this model takes about half a megabyte: a leak of a fifth of it would show.
        Assert.InRange(Environment.WorkingSet - before, -1024 * MiB, 40 * MiB);

        void Cycle(int times)
        {
            for (var i = 0; i < times; i++)
            {
                using var session = OrtSession.Load(environment, TestModels.Path("digits_mlp.onnx"));
                KnownLogits.Check(session, "digits_mlp");
            }

            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    [Fact]
    public void Run_SmallOnesAfterALargeOne_GiveMemoryBack()
    {
        using var session = OrtSession.Load(environment, TestModels.Path("digits_cnn.onnx"));
        KnownLogits.Check(session, "digits_cnn");
        var before = Environment.WorkingSet;
        Large();
        var during = Environment.WorkingSet;
        Assert.True(during - before > 100 * MiB, $"The large run took only {(during - before) / MiB} MiB, which shows nothing.");
        for (var i = 0; i < 2 * ArenaTrim.Series; i++)
        {
            KnownLogits.Check(session, "digits_cnn");
        }

        TensorMemory.Shared.Trim();
        TensorMemory.Shared.Trim();
        var after = Environment.WorkingSet;
        Assert.True(after - before < (during - before) / 4, $"Of {(during - before) / MiB} MiB, {(after - before) / MiB} MiB stayed.");

        void Large()
        {
            using var large = OrtTensor.Allocate(OrtElementType.Float32, [65536, 1, 8, 8]);
            using var options = OrtRunOptions.Create();
            large.Data<float>().Clear();
            session.Run(options, [large], [0])[0].Dispose();
        }
    }

    [Fact]
    public void Run_Steadily_AllocatesNothingThatGrowsWithTheTensors()
    {
        using var session = OrtSession.Load(environment, TestModels.Path("digits_mlp.onnx"));
        var small = Allocated(1);
        var large = Allocated(4096);
        Assert.InRange(large, 0, small + 256);

        // Managed bytes of one request: tensors made, one run, all given back.
        long Allocated(int rows)
        {
            const int runs = 50;
            Once();
            Once();
            var before = GC.GetAllocatedBytesForCurrentThread();
            var rented = TensorMemory.Shared.PooledBytes;
            for (var i = 0; i < runs; i++)
            {
                Once();
            }

            Assert.Equal(rented, TensorMemory.Shared.PooledBytes);
            return (GC.GetAllocatedBytesForCurrentThread() - before) / runs;

            void Once()
            {
                using var input = OrtTensor.Allocate(OrtElementType.Float32, [rows, 1, 8, 8]);
                using var options = OrtRunOptions.Create();
                session.Run(options, [input], [0])[0].Dispose();
            }
        }
    }

    public void Dispose() => environment.Dispose();
}
