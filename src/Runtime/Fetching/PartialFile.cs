using System.Buffers;
using System.Security.Cryptography;

namespace Ops.Runtime.Fetching;

/// <summary>A file that is on its way, with the hash of what there is of it.</summary>
internal sealed class PartialFile(WantedFile file, FileStream target, FetchProgress progress) : IDisposable
{
    private const int BufferSize = 128 * 1024;
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>How much there is.</summary>
    public long Length { get; private set; }

    /// <summary>Whether it is as long as it has to be.</summary>
    public bool IsWhole => Length == file.Size;

    /// <summary>Reads what an earlier attempt left.</summary>
    public async Task ResumeAsync(CancellationToken cancellation)
    {
        if (target.Length > file.Size)
        {
            Reset();
            return;
        }

        target.Position = 0;
        await ReadAsync(
            target,
            bytes =>
            {
                hash.AppendData(bytes.Span);
                Length += bytes.Length;
                progress(bytes.Length, fetched: false);
                return ValueTask.CompletedTask;
            },
            cancellation);
    }

    /// <summary>Adds what came from the source.</summary>
    /// <exception cref="FetchException">It is too much, or cannot be stored.</exception>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        if (Length + bytes.Length > file.Size)
        {
            throw TooLong();
        }

        hash.AppendData(bytes.Span);
        try
        {
            await target.WriteAsync(bytes, cancellation);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw FetchException.Storing(file.Label, exception);
        }

        Length += bytes.Length;
        progress(bytes.Length, fetched: true);
    }

    /// <summary>Begins anew.</summary>
    public void Reset()
    {
        progress(-Length, fetched: false);
        hash.GetHashAndReset();
        target.SetLength(0);
        target.Position = 0;
        Length = 0;
    }

    /// <summary>Refuses content that is not what was declared.</summary>
    /// <exception cref="FetchException">It is not.</exception>
    public void Verify()
    {
        if (!IsWhole)
        {
            throw WrongLength(Length);
        }

        if (!Convert.ToHexString(hash.GetCurrentHash()).Equals(file.Sha256, StringComparison.OrdinalIgnoreCase))
        {
            throw new FetchException(FetchTrouble.Content, $"{file.Label} does not match its SHA-256. It was changed or damaged and is not loaded.");
        }
    }

    /// <summary>Says that the source has a file of another length.</summary>
    public FetchException WrongLength(long length) => length > file.Size
        ? TooLong()
        : new(FetchTrouble.Content, $"{file.Label} has {length} bytes instead of {file.Size}.");

    /// <summary>Reads a stream to its end in pieces.</summary>
    public static async Task ReadAsync(Stream stream, Func<ReadOnlyMemory<byte>, ValueTask> take, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellation)) > 0)
            {
                await take(buffer.AsMemory(0, read));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Dispose() => hash.Dispose();

    private FetchException TooLong() => new(FetchTrouble.Content, $"{file.Label} is longer than the {file.Size} bytes it should have.");
}
