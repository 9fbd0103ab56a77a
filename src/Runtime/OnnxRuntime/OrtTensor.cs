using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Ops.Runtime.OnnxRuntime;

/// <summary>
/// A tensor in native memory. Tensors that are made here lie in 64-byte aligned memory of a pool (or in the caller's);
/// those that a run returns show memory of the engine. Element bytes lie in row-major order.
/// </summary>
internal sealed unsafe class OrtTensor : IDisposable
{
    private static long live;

    private readonly void* data;
    private readonly long byteLength;
    private readonly TensorMemory.Block block;
    private MemoryHandle pin;
    private int disposed;

    private OrtTensor(OrtValue value, OrtElementType type, long[] shape, void* data, TensorMemory.Block block = default, MemoryHandle pin = default)
    {
        Value = value;
        ElementType = type;
        Shape = shape;
        ElementCount = Count(shape);
        this.data = data;
        this.block = block;
        this.pin = pin;
        byteLength = ElementCount * type.Size();
        Interlocked.Increment(ref live);
    }

    ~OrtTensor() => Release();

    /// <summary>How many tensors of this process were not disposed yet.</summary>
    public static long Live => Interlocked.Read(ref live);

    /// <summary>Type of each element.</summary>
    public OrtElementType ElementType { get; }

    /// <summary>Extent of each dimension; empty for a scalar.</summary>
    public long[] Shape { get; }

    /// <summary>Product of the shape.</summary>
    public long ElementCount { get; }

    /// <summary>Bytes of the elements; 0 for strings.</summary>
    public long ByteLength => byteLength;

    /// <summary>Whether the elements lie in the pool's memory, not in the engine's or the caller's.</summary>
    internal bool IsPooled => block.Address != 0;

    internal OrtValue Value { get; }

    /// <summary>The elements' memory, read and write. Not for strings, and not after <see cref="Dispose"/>.</summary>
    public Span<T> Data<T>() where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(disposed != 0, this);
        return new Span<T>(data, checked((int)(byteLength / sizeof(T))));
    }

    /// <summary>Makes a tensor of numbers with undefined content, to be filled before it is used.</summary>
    /// <param name="type">Any type but strings.</param>
    /// <param name="shape">Extents, each at least 0; their product in bytes below 2 GiB.</param>
    public static OrtTensor Allocate(OrtElementType type, long[] shape)
    {
        var bytes = Bytes(type, shape);
        var block = TensorMemory.Shared.Rent(bytes);
        try
        {
            return new OrtTensor(Over((void*)block.Address, type, shape, bytes), type, shape, (void*)block.Address, block);
        }
        catch
        {
            TensorMemory.Shared.Return(block);
            throw;
        }
    }

    /// <summary>Makes a tensor over the caller's memory, which is pinned until the tensor is disposed and must hold the
    /// elements until then: a request's body, for instance, from which nothing has to be copied.</summary>
    /// <param name="type">Any type but strings.</param>
    /// <param name="shape">Extents, each at least 0.</param>
    /// <param name="memory">Exactly the elements, in row-major order and the machine's byte order.</param>
    /// <exception cref="ArgumentException">The memory has another length than the shape says, or an element would not lie
    /// at a multiple of its size.</exception>
    public static OrtTensor Wrap(OrtElementType type, long[] shape, Memory<byte> memory)
    {
        var bytes = Bytes(type, shape);
        ArgumentOutOfRangeException.ThrowIfNotEqual(memory.Length, bytes, nameof(memory));
        var pin = memory.Pin();
        try
        {
            if (bytes > 0 && (nint)pin.Pointer % type.Size() != 0)
            {
                throw new ArgumentException("The elements are not aligned.", nameof(memory));
            }

            // The engine refuses a null pointer even where there is nothing behind it.
            var start = bytes > 0 ? pin.Pointer : (void*)TensorMemory.Alignment;
            return new OrtTensor(Over(start, type, shape, bytes), type, shape, start, pin: pin);
        }
        catch
        {
            pin.Dispose();
            throw;
        }
    }

    /// <summary>Makes a tensor of strings; the engine copies them.</summary>
    /// <param name="shape">Extents; their product is the number of strings.</param>
    /// <param name="values">UTF-8 strings, each ending before its first 0 byte.</param>
    public static OrtTensor FromStrings(long[] shape, IReadOnlyList<byte[]> values) =>
        FromBytes(shape, values.Count, i => values[i].AsSpan(0, Array.IndexOf(values[i], (byte)0)));

    /// <summary>Makes a tensor of strings out of any bytes; the engine copies them.</summary>
    /// <param name="shape">Extents; their product is the number of strings.</param>
    /// <param name="values">What each string holds, without an end mark; bytes of 0 are as good as others.</param>
    public static OrtTensor FromStrings(long[] shape, IReadOnlyList<ReadOnlyMemory<byte>> values) =>
        FromBytes(shape, values.Count, i => values[i].Span);

    /// <summary>Makes a tensor of empty strings, to be filled with <see cref="SetString"/>.</summary>
    /// <param name="shape">Extents; their product is the number of strings.</param>
    public static OrtTensor AllocateStrings(long[] shape)
    {
        try
        {
            return new OrtTensor(OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, shape), OrtElementType.String, shape, null);
        }
        catch (OnnxRuntimeException exception)
        {
            throw OrtException.From(exception);
        }
    }

    /// <summary>Sets one string of a string tensor.</summary>
    /// <param name="index">Which one, in row-major order.</param>
    /// <param name="value">Any bytes, NUL included; they are copied.</param>
    public void SetString(int index, ReadOnlySpan<byte> value)
    {
        ObjectDisposedException.ThrowIf(disposed != 0, this);
        try
        {
            Value.StringTensorSetElementAt(value, index);
        }
        catch (OnnxRuntimeException exception)
        {
            throw OrtException.From(exception);
        }
    }

    /// <summary>The strings of a string tensor, as the bytes the model produced (usually UTF-8), back to back.</summary>
    /// <param name="offsets">Where each string starts.</param>
    public byte[] StringBytes(out nuint[] offsets)
    {
        ObjectDisposedException.ThrowIf(disposed != 0, this);
        offsets = new nuint[ElementCount];
        var total = 0L;
        for (var i = 0; i < offsets.Length; i++)
        {
            offsets[i] = (nuint)total;
            total += Value.GetStringElementAsSpan(i).Length;
        }

        var bytes = new byte[checked((int)total)];
        for (var i = 0; i < offsets.Length; i++)
        {
            Value.GetStringElementAsSpan(i).CopyTo(bytes.AsSpan((int)offsets[i]));
        }

        return bytes;
    }

    /// <summary>Takes over a value that a run returned.</summary>
    /// <exception cref="OrtException">The value is not a tensor.</exception>
    internal static OrtTensor Adopt(OrtValue value)
    {
        try
        {
            var info = value.GetTensorTypeAndShape();
            var type = (OrtElementType)info.ElementDataType;
            var start = type == OrtElementType.String || info.ElementCount == 0
                ? null
                : Unsafe.AsPointer(ref MemoryMarshal.GetReference(value.GetTensorMutableRawData()));
            return new OrtTensor(value, type, info.Shape, start);
        }
        catch (OnnxRuntimeException exception)
        {
            value.Dispose();
            throw OrtException.From(exception);
        }
        catch
        {
            value.Dispose();
            throw;
        }
    }

    /// <summary>Whether this tensor's elements lie in the memory of the other, which happens when a model hands an input
    /// through as an output.</summary>
    internal bool SharesMemoryWith(OrtTensor other) =>
        data is not null && other.byteLength > 0 && data >= other.data && data < (byte*)other.data + other.byteLength;

    /// <summary>A tensor of numbers of the same content in memory of its own.</summary>
    internal OrtTensor Copy()
    {
        var copy = Allocate(ElementType, Shape);
        Data<byte>().CopyTo(copy.Data<byte>());
        return copy;
    }

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private static OrtTensor FromBytes(long[] shape, int count, StringAt at)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(count, Count(shape), nameof(shape));
        OrtValue? value = null;
        try
        {
            value = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, shape);
            for (var i = 0; i < count; i++)
            {
                value.StringTensorSetElementAt(at(i), i);
            }

            return new OrtTensor(value, OrtElementType.String, shape, null);
        }
        catch (OnnxRuntimeException exception)
        {
            value?.Dispose();
            throw OrtException.From(exception);
        }
    }

    private delegate ReadOnlySpan<byte> StringAt(int index);

    private static OrtValue Over(void* start, OrtElementType type, long[] shape, int bytes)
    {
        try
        {
            return OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, (TensorElementType)type, shape, (nint)start, bytes);
        }
        catch (OnnxRuntimeException exception)
        {
            throw OrtException.From(exception);
        }
    }

    private void Release()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        Interlocked.Decrement(ref live);
        Value.Dispose();
        pin.Dispose();
        if (block.Address != 0)
        {
            TensorMemory.Shared.Return(block);
        }
    }

    private static int Bytes(OrtElementType type, long[] shape)
    {
        var size = type.Size();
        ArgumentOutOfRangeException.ThrowIfZero(size, nameof(type));
        var bytes = checked(Count(shape) * size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, int.MaxValue, nameof(shape));
        return (int)bytes;
    }

    private static long Count(long[] shape)
    {
        var count = 1L;
        foreach (var extent in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(extent, nameof(shape));
            count = checked(count * extent);
        }

        return count;
    }
}
