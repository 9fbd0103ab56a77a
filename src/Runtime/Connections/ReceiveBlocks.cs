using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Ops.Runtime.Connections;

/// <summary>
/// The memory that the web server receives into. It fills one block with each call to the system, and its own blocks have
/// 4 KiB: an image of 600 KB would take 150 calls, each with its way through the pipe, and most of the time of its request.
/// Larger blocks cost what an idle connection holds. They come from the shared array pool, which gives memory back when it
/// is not used.
/// </summary>
internal sealed class ReceiveBlocks : MemoryPool<byte>
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockBytes = 32 * 1024;

    public override int MaxBufferSize => BlockBytes;

    /// <summary>Lends a block.</summary>
    /// <param name="minBufferSize">What the caller needs at least, in bytes; at most <see cref="BlockBytes"/>.</param>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        return Shared.Rent(BlockBytes);
    }

    protected override void Dispose(bool disposing)
    {
        // Its blocks belong to the shared pool.
    }

    /// <summary>Gives every part of the web server these blocks.</summary>
    internal sealed class Factory : IMemoryPoolFactory<byte>
    {
        public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new ReceiveBlocks();
    }
}
