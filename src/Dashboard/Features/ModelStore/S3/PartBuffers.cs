using System.Security.Cryptography;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using Microsoft.IO;

namespace Ops.Dashboard.Features.ModelStore.S3;

/// <summary>
/// Holds parts on their way to a server, which wants to know their hash before their first byte. Memory is pooled and bounded over all
/// stores: a part that finds none waits, and with it, unread, the request that brings it.
/// </summary>
internal sealed class PartBuffers : IDisposable
{
    private const int MiB = 1024 * 1024;
    private readonly RecyclableMemoryStreamManager memory;
    private readonly ConcurrencyLimiter limiter;
    private readonly int permits;

    /// <summary>Takes the bound from <see cref="ModelStoreOptions.PartMemoryMiB"/>.</summary>
    public PartBuffers(IOptions<ModelStoreOptions> options)
    {
        permits = options.Value.PartMemoryMiB;
        limiter = new ConcurrencyLimiter(new() { PermitLimit = permits, QueueLimit = int.MaxValue, QueueProcessingOrder = QueueProcessingOrder.OldestFirst });
        memory = new(new RecyclableMemoryStreamManager.Options { BlockSize = MiB, MaximumSmallPoolFreeBytes = (long)permits * MiB, MaximumBufferSize = 128 * MiB });
    }

    /// <summary>Reads one part into memory.</summary>
    /// <param name="part">Which one.</param>
    /// <param name="content">Exactly its bytes.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="PartLengthException">There are fewer or more.</exception>
    public async Task<BufferedPart> ReadAsync(PartRange part, Stream content, CancellationToken cancellation)
    {
        var lease = await limiter.AcquireAsync(Math.Clamp((part.Length + MiB - 1) / MiB, 1, permits), cancellation);
        var stream = memory.GetStream();
        try
        {
            var sha256 = await FillAsync(stream, part, content, cancellation);
            stream.Position = 0;
            return new BufferedPart(lease, stream, sha256);
        }
        catch
        {
            await stream.DisposeAsync();
            lease.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => limiter.Dispose();

    private static async Task<byte[]> FillAsync(RecyclableMemoryStream stream, PartRange part, Stream content, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var filled = 0; filled < part.Length;)
        {
            var block = stream.GetMemory(1);
            block = block[..Math.Min(block.Length, part.Length - filled)];
            var read = await content.ReadAsync(block, cancellation);
            if (read == 0)
            {
                throw new PartLengthException($"Part {part.Number} ended after {filled} of {part.Length} bytes.");
            }

            hash.AppendData(block.Span[..read]);
            stream.Advance(read);
            filled += read;
        }

        return await content.ReadAsync(new byte[1], cancellation) == 0
            ? hash.GetHashAndReset()
            : throw new PartLengthException($"Part {part.Number} has more than {part.Length} bytes.");
    }
}

/// <summary>A part in memory. Dispose it to give the memory back.</summary>
internal sealed class BufferedPart(RateLimitLease lease, RecyclableMemoryStream stream, byte[] sha256) : IDisposable
{
    /// <summary>Its bytes, from the start.</summary>
    public Stream Stream => stream;

    /// <summary>SHA-256 in lower-case hex.</summary>
    public string Sha256 { get; } = Convert.ToHexStringLower(sha256);

    /// <summary>SHA-256 in base64, as S3 wants it.</summary>
    public string Sha256Base64 { get; } = Convert.ToBase64String(sha256);

    /// <inheritdoc/>
    public void Dispose()
    {
        stream.Dispose();
        lease.Dispose();
    }
}
