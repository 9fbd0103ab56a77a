using System.Security.Cryptography;

namespace Ops.Dashboard.Features.ModelStore.Imports.Execution;

/// <summary>The next part of a longer stream: exactly so many bytes, hashed and counted on their way.</summary>
internal sealed class PartSlice(Stream source, int length, IncrementalHash hash, Action<int> progress) : Stream
{
    private readonly int whole = length;
    private int left = length;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => whole;

    /// <inheritdoc/>
    public override long Position
    {
        get => whole - left;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (left == 0 || buffer.IsEmpty)
        {
            return 0;
        }

        var wanted = buffer[..Math.Min(buffer.Length, left)];
        var read = await source.ReadAsync(wanted, cancellationToken);
        if (read == 0)
        {
            throw new ImportInterruptedException("The source ended too early.");
        }

        hash.AppendData(wanted.Span[..read]);
        progress(read);
        left -= read;
        return read;
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read it asynchronously.");

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
