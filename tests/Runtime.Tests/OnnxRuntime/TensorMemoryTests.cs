using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Tests.OnnxRuntime;

public sealed class TensorMemoryTests : IDisposable
{
    private readonly TensorMemory memory = new(1024 * 1024, TimeProvider.System);

    [Fact]
    public void Class_EveryLength_FitsAndWastesAQuarterAtMost()
    {
        var last = -1;
        foreach (var bytes in Lengths().Order())
        {
            var (index, size) = TensorMemory.Class(bytes);
            Assert.True(size >= bytes, $"{bytes} do not fit {size}");
            Assert.True(size <= Math.Max(64, bytes * 1.25 + 64), $"{size} for {bytes}");
            Assert.Equal(0, size % TensorMemory.Alignment);
            Assert.True(index >= last, "classes grow with the length");
            last = index;
        }
    }

    [Fact]
    public void Return_EveryLength_LeavesTheCountsStraight()
    {
        foreach (var bytes in Lengths().Where(b => b <= 300_000))
        {
            var block = memory.Rent(bytes);
            Assert.Equal(TensorMemory.Class(bytes).Size, memory.RentedBytes);
            memory.Return(block);
            Assert.Equal(0, memory.RentedBytes);
        }

        memory.Trim();
        memory.Trim();
        Assert.Equal(0, memory.PooledBytes);
    }

    [Fact]
    public void Return_BeyondTheLimit_IsReleased()
    {
        var blocks = Enumerable.Range(0, 5).Select(_ => memory.Rent(256 * 1024)).ToList();
        blocks.ForEach(memory.Return);
        Assert.Equal(4 * 256 * 1024, memory.PooledBytes);
        Assert.Equal(0, memory.RentedBytes);
    }

    [Fact]
    public void Trim_AfterASpike_KeepsWhatIsInUse()
    {
        var spike = Enumerable.Range(0, 8).Select(_ => memory.Rent(4096)).ToList();
        spike.ForEach(memory.Return);
        memory.Trim();
        // From here on one block at a time is enough.
        memory.Return(memory.Rent(4096));
        memory.Trim();
        Assert.Equal(4096, memory.PooledBytes);
    }

    [Fact]
    public void Rent_FromManyThreads_GivesNoBlockTwice()
    {
        Parallel.For(0, 8, worker =>
        {
            for (var i = 0; i < 2000; i++)
            {
                var block = memory.Rent(1000);
                unsafe
                {
                    var content = new Span<byte>((void*)block.Address, 1000);
                    content.Fill((byte)worker);
                    Assert.False(content.ContainsAnyExcept((byte)worker));
                }

                memory.Return(block);
            }
        });
        Assert.Equal(0, memory.RentedBytes);
    }

    public void Dispose() => memory.Dispose();

    private static IEnumerable<int> Lengths()
    {
        yield return 0;
        for (var power = 0; power < 31; power++)
        {
            foreach (var near in new[] { -1, 0, 1, 1 << Math.Max(0, power - 2), (1 << Math.Max(0, power - 2)) + 1 })
            {
                if ((1 << power) + near > 1 && (power < 2 || near < 1 << (power - 1)))
                {
                    yield return (1 << power) + near;
                }
            }
        }

        yield return int.MaxValue;
    }
}
