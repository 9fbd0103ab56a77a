using System.Buffers;
using System.Security.Cryptography;

namespace Ops.Dashboard.Features.ModelStore;

/// <summary>Reads an object to its end and hashes it.</summary>
internal static class ObjectHash
{
    private const int BufferBytes = 1024 * 1024;

    /// <summary>Hashes what is left of a stream.</summary>
    /// <param name="stream">Read, not closed.</param>
    /// <param name="read">Given each piece; may wait, to go slower.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>SHA-256 in lower-case hex, and how many bytes there were.</returns>
    public static async Task<(string Sha256, long Bytes)> ComputeAsync(Stream stream, Func<ReadOnlyMemory<byte>, ValueTask>? read, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        var total = 0L;
        try
        {
            for (int count; (count = await stream.ReadAsync(buffer.AsMemory(0, BufferBytes), cancellation)) > 0; total += count)
            {
                hash.AppendData(buffer, 0, count);
                if (read is not null)
                {
                    await read(buffer.AsMemory(0, count));
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return (Convert.ToHexStringLower(hash.GetHashAndReset()), total);
    }
}
