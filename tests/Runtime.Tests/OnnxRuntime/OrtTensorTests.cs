using System.Text;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Tests.OnnxRuntime;

public sealed class OrtTensorTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(100_000)]
    public void Allocate_Memory_IsAligned(int length)
    {
        using var tensor = OrtTensor.Allocate(OrtElementType.UInt8, [length]);
        Assert.Equal(length, tensor.Data<byte>().Length);
        Assert.Equal(0, Address(tensor) % 64);
    }

    [Fact]
    public void Allocate_AfterDispose_ReusesTheMemory()
    {
        // A size that no other test uses, since the pool is the process's.
        var first = OrtTensor.Allocate(OrtElementType.UInt8, [777_777]);
        var address = Address(first);
        first.Dispose();
        first.Dispose();
        using var second = OrtTensor.Allocate(OrtElementType.UInt8, [777_777]);
        using var third = OrtTensor.Allocate(OrtElementType.UInt8, [777_777]);
        Assert.Equal(address, Address(second));
        Assert.NotEqual(address, Address(third));
    }

    [Fact]
    public void Data_AfterDispose_IsRefused()
    {
        var tensor = OrtTensor.Allocate(OrtElementType.UInt8, [3]);
        tensor.Dispose();
        Assert.Throws<ObjectDisposedException>(() => tensor.Data<byte>().Length);
    }

    [Fact]
    public void Wrap_CallersMemory_ShowsIt()
    {
        var memory = new byte[64];
        using var tensor = OrtTensor.Wrap(OrtElementType.Int64, [2, 4], memory);
        BitConverter.TryWriteBytes(memory.AsSpan(8), 42L);
        Assert.Equal(42, tensor.Data<long>()[1]);
    }

    [Fact]
    public void Wrap_NoElements_IsATensor()
    {
        using var tensor = OrtTensor.Wrap(OrtElementType.Float32, [0, 4], Memory<byte>.Empty);
        Assert.True(tensor.Data<float>().IsEmpty);
    }

    [Fact]
    public void Wrap_WrongLength_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => OrtTensor.Wrap(OrtElementType.Float32, [2], new byte[9]));

    [Fact]
    public void Wrap_CrookedStart_IsRefused() =>
        Assert.Throws<ArgumentException>(() => OrtTensor.Wrap(OrtElementType.Float32, [2], GC.AllocateArray<byte>(16, pinned: true).AsMemory(1, 8)));

    [Fact]
    public void FromStrings_AnyBytes_ComeBack()
    {
        ReadOnlyMemory<byte>[] values = [Encoding.UTF8.GetBytes("häuser"), new byte[] { 0, 1, 0 }, ReadOnlyMemory<byte>.Empty];
        using var tensor = OrtTensor.FromStrings([3], values);
        Assert.Equal([.. values[0].Span, .. values[1].Span], tensor.StringBytes(out var offsets));
        Assert.Equal([0, 7, 10], offsets);
    }

    private static unsafe nint Address(OrtTensor tensor)
    {
        fixed (byte* start = tensor.Data<byte>())
        {
            // An empty span pins to null, which is aligned too.
            return (nint)start;
        }
    }
}
