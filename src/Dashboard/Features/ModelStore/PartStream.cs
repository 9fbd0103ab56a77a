namespace Ops.Dashboard.Features.ModelStore;

/// <summary>The next part of a longer stream: exactly so many bytes. Reads forward only; the longer one stays open.</summary>
/// <param name="source">At the part's first byte; nobody else may read it meanwhile.</param>
/// <param name="length">The part's bytes.</param>
/// <param name="passed">Sees the bytes on their way, or null.</param>
/// <param name="tooShort">The failure of a source that ends within the part; a <see cref="PartLengthException"/> without.</param>
internal sealed class PartStream(Stream source, int length, Action<ReadOnlySpan<byte>>? passed = null, Func<Exception>? tooShort = null) : Stream
{
    private int left = length;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length { get; } = length;

    /// <inheritdoc/>
    public override long Position
    {
        get => Length - left;
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
            throw tooShort?.Invoke() ?? new PartLengthException($"The source ended {left} bytes before the end of the part.");
        }

        passed?.Invoke(wanted.Span[..read]);
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
