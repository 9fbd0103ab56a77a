using System.Runtime.InteropServices;

namespace Ops.Runtime.OnnxRuntime;

/// <summary>
/// A tensor in native memory. Input tensors own 64-byte aligned memory that the caller fills; output tensors show memory
/// of the engine. Element bytes lie in row-major order.
/// </summary>
internal sealed unsafe class OrtTensor : IDisposable
{
    private const nuint Alignment = 64;

    /// <summary>The memory description never changes, so one serves every tensor of the process.</summary>
    private static readonly OrtMemoryInfoHandle CpuMemory = CreateCpuMemory();

    private readonly void* data;
    private readonly long byteLength;
    private static long live;

    private bool ownsData;
    private int disposed;

    private OrtTensor(OrtValueHandle handle, OrtElementType type, long[] shape, long count, void* data, bool ownsData)
    {
        Handle = handle;
        ElementType = type;
        Shape = shape;
        ElementCount = count;
        this.data = data;
        this.ownsData = ownsData;
        byteLength = count * type.Size();
        Interlocked.Increment(ref live);
    }

    ~OrtTensor() => FreeData();

    /// <summary>How many tensors of this process were not disposed yet.</summary>
    public static long Live => Interlocked.Read(ref live);

    /// <summary>Type of each element.</summary>
    public OrtElementType ElementType { get; }

    /// <summary>Extent of each dimension; empty for a scalar.</summary>
    public long[] Shape { get; }

    /// <summary>Product of the shape.</summary>
    public long ElementCount { get; }

    internal OrtValueHandle Handle { get; }

    /// <summary>The elements' memory, read and write. Not for strings, and not after <see cref="Dispose"/>.</summary>
    public Span<T> Data<T>() where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(Handle.IsClosed, this);
        return new Span<T>(data, checked((int)(byteLength / sizeof(T))));
    }

    /// <summary>Makes a tensor of numbers with uninitialised memory, to be filled before it is used.</summary>
    /// <param name="type">Any type but strings.</param>
    /// <param name="shape">Extents, each at least 0; their product in bytes at most 2 GiB.</param>
    public static OrtTensor Allocate(OrtElementType type, long[] shape)
    {
        var size = type.Size();
        ArgumentOutOfRangeException.ThrowIfZero(size, nameof(type));
        var count = Count(shape);
        var bytes = checked((nuint)(count * size));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, (nuint)int.MaxValue, nameof(shape));
        // An empty tensor still gets an address: the engine refuses a null pointer.
        var memory = NativeMemory.AlignedAlloc(Math.Max(bytes, Alignment), Alignment);
        try
        {
            nint value = 0;
            using var info = CpuMemory.Use();
            fixed (long* dims = shape)
            {
                OrtApi.Check(OrtApi.CreateTensorWithDataAsOrtValue(info.Value, memory, bytes, dims, (nuint)shape.Length, type, &value));
            }

            return new OrtTensor(new OrtValueHandle(value), type, shape, count, memory, ownsData: true);
        }
        catch
        {
            NativeMemory.AlignedFree(memory);
            throw;
        }
    }

    /// <summary>Makes a tensor of strings; the engine copies them.</summary>
    /// <param name="shape">Extents; their product is the number of strings.</param>
    /// <param name="values">UTF-8 strings, each ending in a 0 byte and holding no other.</param>
    public static OrtTensor FromStrings(long[] shape, IReadOnlyList<byte[]> values)
    {
        var count = Count(shape);
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Count, count, nameof(values));
        nint allocator = 0;
        OrtApi.Check(OrtApi.GetAllocatorWithDefaultOptions(&allocator));
        nint value = 0;
        fixed (long* dims = shape)
        {
            OrtApi.Check(OrtApi.CreateTensorAsOrtValue(allocator, dims, (nuint)shape.Length, OrtElementType.String, &value));
        }

        var handle = new OrtValueHandle(value);
        var pins = new GCHandle[values.Count];
        var pointers = new nint[values.Count];
        try
        {
            for (var i = 0; i < pins.Length; i++)
            {
                pins[i] = GCHandle.Alloc(values[i], GCHandleType.Pinned);
                pointers[i] = pins[i].AddrOfPinnedObject();
            }

            fixed (nint* first = pointers)
            {
                OrtApi.Check(OrtApi.FillStringTensor(value, (byte**)first, (nuint)pointers.Length));
            }
        }
        catch
        {
            handle.Dispose();
            throw;
        }
        finally
        {
            foreach (var pin in pins)
            {
                if (pin.IsAllocated)
                {
                    pin.Free();
                }
            }
        }

        return new OrtTensor(handle, OrtElementType.String, shape, count, null, ownsData: false);
    }

    /// <summary>Makes a tensor of empty strings, to be filled with <see cref="SetString"/>.</summary>
    /// <param name="shape">Extents; their product is the number of strings.</param>
    public static OrtTensor AllocateStrings(long[] shape)
    {
        var count = Count(shape);
        nint allocator = 0;
        OrtApi.Check(OrtApi.GetAllocatorWithDefaultOptions(&allocator));
        nint value = 0;
        fixed (long* dims = shape)
        {
            OrtApi.Check(OrtApi.CreateTensorAsOrtValue(allocator, dims, (nuint)shape.Length, OrtElementType.String, &value));
        }

        return new OrtTensor(new OrtValueHandle(value), OrtElementType.String, shape, count, null, ownsData: false);
    }

    /// <summary>Sets one string of a string tensor.</summary>
    /// <param name="index">Which one, in row-major order.</param>
    /// <param name="value">Any bytes, NUL included; they are copied.</param>
    public void SetString(int index, ReadOnlySpan<byte> value)
    {
        using var lease = Handle.Use();
        byte* bytes = null;
        OrtApi.Check(OrtApi.GetResizedStringTensorElementBuffer(lease.Value, (nuint)index, (nuint)value.Length, &bytes));
        value.CopyTo(new Span<byte>(bytes, value.Length));
    }

    /// <summary>The strings of a string tensor, as the bytes the model produced (usually UTF-8), back to back.</summary>
    /// <param name="offsets">Where each string starts.</param>
    public byte[] StringBytes(out nuint[] offsets)
    {
        using var lease = Handle.Use();
        nuint total = 0;
        OrtApi.Check(OrtApi.GetStringTensorDataLength(lease.Value, &total));
        var bytes = new byte[checked((int)total)];
        offsets = new nuint[ElementCount];
        fixed (byte* content = bytes)
        fixed (nuint* starts = offsets)
        {
            if (offsets.Length > 0)
            {
                OrtApi.Check(OrtApi.GetStringTensorContent(lease.Value, content, total, starts, (nuint)offsets.Length));
            }
        }

        return bytes;
    }

    /// <summary>Takes over a value that a run returned.</summary>
    /// <exception cref="OrtException">The value is not a tensor.</exception>
    internal static OrtTensor Adopt(nint value)
    {
        var handle = new OrtValueHandle(value);
        try
        {
            nint info = 0;
            OrtApi.Check(OrtApi.GetTensorTypeAndShape(value, &info));
            using var shapeInfo = new OrtShapeInfoHandle(info);
            var (type, shape) = OrtTensorInfo.Read(info);
            void* data = null;
            if (type != OrtElementType.String)
            {
                OrtApi.Check(OrtApi.GetTensorMutableData(value, &data));
            }

            return new OrtTensor(handle, type, shape, Count(shape), data, ownsData: false);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 0)
        {
            Interlocked.Decrement(ref live);
        }

        Handle.Dispose();
        FreeData();
        GC.SuppressFinalize(this);
    }

    private void FreeData()
    {
        if (ownsData)
        {
            ownsData = false;
            NativeMemory.AlignedFree(data);
        }
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

    private static OrtMemoryInfoHandle CreateCpuMemory()
    {
        const int arenaAllocator = 1;
        const int defaultMemory = 0;
        nint info = 0;
        OrtApi.Check(OrtApi.CreateCpuMemoryInfo(arenaAllocator, defaultMemory, &info));
        return new OrtMemoryInfoHandle(info);
    }
}
