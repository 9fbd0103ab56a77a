namespace Ops.Dashboard.Tests.Features.Registry.Onnx;

/// <summary>Gives a few bytes at a time and cannot seek, like a slow connection.</summary>
internal sealed class TrickleStream(byte[] content, int step) : ForwardStream
{
    private int position;

    protected override int Next(Span<byte> buffer)
    {
        var bytes = Math.Min(Math.Min(step, buffer.Length), content.Length - position);
        content.AsSpan(position, bytes).CopyTo(buffer);
        position += bytes;
        return bytes;
    }
}

/// <summary>A beginning, then any number of zero bytes, then an end, without holding the zeros.</summary>
internal sealed class HollowStream(byte[] head, long zeros, byte[] tail) : ForwardStream
{
    public long Given { get; private set; }

    protected override int Next(Span<byte> buffer)
    {
        int bytes;
        if (Given < head.Length)
        {
            bytes = Math.Min(buffer.Length, head.Length - (int)Given);
            head.AsSpan((int)Given, bytes).CopyTo(buffer);
        }
        else if (Given < head.Length + zeros)
        {
            bytes = (int)Math.Min(buffer.Length, head.Length + zeros - Given);
            buffer[..bytes].Clear();
        }
        else
        {
            var from = (int)(Given - head.Length - zeros);
            bytes = Math.Min(buffer.Length, tail.Length - from);
            tail.AsSpan(from, bytes).CopyTo(buffer);
        }

        Given += bytes;
        return bytes;
    }
}

/// <summary>A stream that can only be read forward.</summary>
internal abstract class ForwardStream : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Next(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Next(buffer.Span));

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    protected abstract int Next(Span<byte> buffer);
}
