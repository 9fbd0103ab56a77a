using System.Numerics;
using System.Runtime.InteropServices;

namespace Ops.Runtime.OnnxRuntime;

/// <summary>
/// A pool of 64-byte aligned native memory for tensors, so that a steady load allocates nothing that grows with them.
/// Sizes are rounded up to one of four steps per power of two (at most a quarter is wasted). What was given back and
/// stayed unused for a whole interval goes back to the system, so a spike is not paid for ever.
/// </summary>
internal sealed unsafe class TensorMemory : IDisposable
{
    /// <summary>Every block starts at a multiple of this: a cache line, and enough for every vector instruction.</summary>
    public const int Alignment = 64;

    private const int StepsPerDoubling = 4;
    private const int SmallestDoubling = 8;
    private const int Classes = StepsPerDoubling + ((31 - SmallestDoubling) * StepsPerDoubling);

    private static readonly TimeSpan TrimInterval = TimeSpan.FromSeconds(15);

    private readonly SizeClass[] classes = new SizeClass[Classes];
    private readonly ITimer timer;
    private long limit;
    private long pooled;
    private long rented;
    private volatile bool disposed;

    /// <param name="limit">Bytes that may lie unused in the pool; what comes back beyond is released at once.</param>
    /// <param name="time">Says when to trim.</param>
    public TensorMemory(long limit, TimeProvider time)
    {
        this.limit = limit;
        for (var i = 0; i < classes.Length; i++)
        {
            classes[i] = new SizeClass();
        }

        timer = time.CreateTimer(static pool => ((TensorMemory)pool!).Trim(), this, TrimInterval, TrimInterval);
    }

    /// <summary>The pool of all tensors of this process.</summary>
    public static TensorMemory Shared { get; } = new(256 * 1024 * 1024, TimeProvider.System);

    /// <summary>Bytes that may lie unused in the pool.</summary>
    public long Limit
    {
        get => Interlocked.Read(ref limit);
        set => Interlocked.Exchange(ref limit, value);
    }

    /// <summary>Bytes that lie unused in the pool.</summary>
    public long PooledBytes => Interlocked.Read(ref pooled);

    /// <summary>Bytes that tensors hold now.</summary>
    public long RentedBytes => Interlocked.Read(ref rented);

    /// <summary>Takes memory with undefined content.</summary>
    /// <param name="bytes">How much is needed, 0 to 2 GiB - 1; there is always an address, since the engine refuses null.</param>
    public Block Rent(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        var (index, size) = Class(bytes);
        if (classes[index].TryPop(out var address))
        {
            Interlocked.Add(ref pooled, -size);
        }
        else
        {
            address = (nint)NativeMemory.AlignedAlloc((nuint)size, Alignment);
        }

        Interlocked.Add(ref rented, size);
        return new Block(address, index);
    }

    /// <summary>Gives memory back; each block once, and nobody may use it afterwards.</summary>
    public void Return(Block block)
    {
        var size = Size(block.Class);
        Interlocked.Add(ref rented, -size);
        if (disposed || Interlocked.Add(ref pooled, size) > Limit)
        {
            Interlocked.Add(ref pooled, disposed ? 0 : -size);
            NativeMemory.AlignedFree((void*)block.Address);
            return;
        }

        classes[block.Class].Push(block.Address);
    }

    /// <summary>Releases what stayed unused since the last call.</summary>
    public void Trim()
    {
        for (var i = 0; i < classes.Length; i++)
        {
            Release(i, classes[i].TakeUnused());
        }
    }

    public void Dispose()
    {
        disposed = true;
        timer.Dispose();
        for (var i = 0; i < classes.Length; i++)
        {
            Release(i, classes[i].TakeAll());
        }
    }

    /// <summary>The size class for a length and how many bytes its blocks have.</summary>
    internal static (int Index, long Size) Class(int bytes)
    {
        if (bytes <= StepsPerDoubling * Alignment)
        {
            var step = Math.Max(bytes - 1, 0) / Alignment;
            return (step, (step + 1L) * Alignment);
        }

        var doubling = BitOperations.Log2((uint)(bytes - 1));
        var shift = doubling - 2;
        var quarter = (bytes - 1) >> shift;
        return (StepsPerDoubling + ((doubling - SmallestDoubling) * StepsPerDoubling) + quarter - StepsPerDoubling, (quarter + 1L) << shift);
    }

    private static long Size(int index) => index < StepsPerDoubling
        ? (index + 1L) * Alignment
        : (StepsPerDoubling + (index % StepsPerDoubling) + 1L) << ((index / StepsPerDoubling) - 1 + SmallestDoubling - 2);

    private void Release(int index, ReadOnlySpan<nint> addresses)
    {
        foreach (var address in addresses)
        {
            NativeMemory.AlignedFree((void*)address);
        }

        Interlocked.Add(ref pooled, -addresses.Length * Size(index));
    }

    /// <summary>Memory that was taken.</summary>
    /// <param name="Address">Where it starts.</param>
    /// <param name="Class">Its size class.</param>
    internal readonly record struct Block(nint Address, int Class);

    /// <summary>Free blocks of one size; the one used last is taken first, since it is in the caches.</summary>
    private sealed class SizeClass
    {
        private readonly Lock gate = new();
        private nint[] free = [];
        private int count;
        private int leastCount;

        public bool TryPop(out nint address)
        {
            lock (gate)
            {
                if (count == 0)
                {
                    address = 0;
                    return false;
                }

                address = free[--count];
                leastCount = Math.Min(leastCount, count);
                return true;
            }
        }

        public void Push(nint address)
        {
            lock (gate)
            {
                if (count == free.Length)
                {
                    Array.Resize(ref free, Math.Max(4, count * 2));
                }

                free[count++] = address;
            }
        }

        /// <summary>The oldest blocks, as many as were never needed since the last call.</summary>
        public nint[] TakeUnused()
        {
            lock (gate)
            {
                var unused = free[..leastCount];
                Array.Copy(free, leastCount, free, 0, count - leastCount);
                count -= leastCount;
                leastCount = count;
                return unused;
            }
        }

        public nint[] TakeAll()
        {
            lock (gate)
            {
                var all = free[..count];
                count = 0;
                leastCount = 0;
                return all;
            }
        }
    }
}
