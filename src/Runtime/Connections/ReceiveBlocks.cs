using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Ops.Runtime.Connections;

/// <summary>
/// The memory that the web server receives into. It fills one block with each call to the system, and its own blocks have
/// 4 KiB: an image of 600 KB would take 150 calls, each with its way through the pipe, and most of the time of its request.
/// Larger blocks cost what an idle connection holds. What comes back is used again, however much many clients send at the
/// same time; what stayed unused for a whole interval is left to the collector. (The shared array pool keeps 32 blocks for
/// each processor, which a few large requests at the same time exceed.)
/// </summary>
internal sealed class ReceiveBlocks : MemoryPool<byte>
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockBytes = 32 * 1024;

    private static readonly TimeSpan TrimInterval = TimeSpan.FromSeconds(15);

    private readonly Lock gate = new();
    private readonly List<Block> free = [];
    private readonly ITimer timer;
    private int leastFree;
    private bool isDisposed;

    /// <param name="time">Says when to trim.</param>
    public ReceiveBlocks(TimeProvider time)
    {
        timer = time.CreateTimer(static blocks => ((ReceiveBlocks)blocks!).Trim(), this, TrimInterval, TrimInterval);
    }

    public override int MaxBufferSize => BlockBytes;

    /// <summary>Blocks that lie unused.</summary>
    public int Unused
    {
        get
        {
            lock (gate)
            {
                return free.Count;
            }
        }
    }

    /// <summary>Lends a block.</summary>
    /// <param name="minBufferSize">What the caller needs at least, in bytes; at most <see cref="BlockBytes"/>.</param>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        lock (gate)
        {
            if (free.Count > 0)
            {
                // The one used last is in the caches.
                var block = free[^1];
                free.RemoveAt(free.Count - 1);
                leastFree = Math.Min(leastFree, free.Count);
                block.IsLent = true;
                return block;
            }
        }

        return new Block(this);
    }

    protected override void Dispose(bool disposing)
    {
        timer.Dispose();
        lock (gate)
        {
            isDisposed = true;
            free.Clear();
        }
    }

    private void Trim()
    {
        lock (gate)
        {
            free.RemoveRange(0, Math.Min(leastFree, free.Count));
            leastFree = free.Count;
        }
    }

    /// <summary>Gives every part of the web server these blocks.</summary>
    internal sealed class Factory : IMemoryPoolFactory<byte>
    {
        public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new ReceiveBlocks(TimeProvider.System);
    }

    /// <summary>Memory at a place where the system can write while the collector works.</summary>
    private sealed class Block(ReceiveBlocks pool) : IMemoryOwner<byte>
    {
        private readonly byte[] bytes = GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true);

        public bool IsLent { get; set; } = true;

        public Memory<byte> Memory => bytes;

        /// <summary>Gives it back; a second time does nothing.</summary>
        public void Dispose()
        {
            lock (pool.gate)
            {
                if (IsLent && !pool.isDisposed)
                {
                    pool.free.Add(this);
                }

                IsLent = false;
            }
        }
    }
}
