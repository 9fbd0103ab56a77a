using Amazon.S3;
using Amazon.S3.Model;

namespace Ops.Dashboard.Features.ModelStore.S3;

/// <summary>
/// Reads an object by ranges, asked for when they are needed: small ones after a seek, ever larger ones while it is read on. A broken
/// connection is taken up again where it broke. Every range must be of the same object (its ETag), so bytes are never mixed.
/// </summary>
internal sealed class S3ReadStream(S3Settings settings, IAmazonS3 client, TimeProvider time, string key, string etag, long length) : Stream
{
    private const int FirstWindow = 256 * 1024;
    private const int LargestWindow = 64 * 1024 * 1024;
    private const int Retries = 5;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private GetObjectResponse? response;
    private long next;
    private long windowEnd;
    private int window = FirstWindow;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => length;

    /// <inheritdoc/>
    public override long Position { get; set; }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Position >= length || buffer.Length == 0)
        {
            return 0;
        }

        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await ReadOnceAsync(buffer, cancellationToken);
            }
            catch (IOException exception) when (exception is not FileNotFoundException && attempt < Retries && IsPassing(exception))
            {
                Close(keepWindow: false);
                await Task.Delay(FirstPause * Math.Pow(2, attempt), time, cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read it asynchronously.");

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin)
    {
        var to = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => Position + offset,
            _ => length + offset,
        };
        ArgumentOutOfRangeException.ThrowIfNegative(to, nameof(offset));
        return Position = to;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Close(keepWindow: false);
        base.Dispose(disposing);
    }

    private static bool IsPassing(IOException exception) => exception is not StoreUnavailableException { Problem: not StoreProblem.Unreachable };

    private async Task<int> ReadOnceAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        if (response is null || next != Position)
        {
            await OpenAsync(cancellation);
        }

        var read = await S3Errors.GuardAsync(settings, () => response!.ResponseStream.ReadAsync(buffer[..(int)Math.Min(buffer.Length, windowEnd - next)], cancellation).AsTask(), cancellation);
        if (read == 0)
        {
            throw new IOException("The store ended an answer early.");
        }

        next = Position += read;
        if (next == windowEnd)
        {
            Close(keepWindow: true);
        }

        return read;
    }

    private async Task OpenAsync(CancellationToken cancellation)
    {
        var goesOn = next == Position;
        Close(keepWindow: goesOn);
        window = goesOn ? Math.Min(window * 2, LargestWindow) : FirstWindow;
        windowEnd = Math.Min(length, Position + window);
        var request = new GetObjectRequest { BucketName = settings.Bucket, Key = key, ByteRange = new ByteRange(Position, windowEnd - 1), EtagToMatch = etag };
        try
        {
            response = await S3Errors.GuardAsync(settings, () => client.GetObjectAsync(request, cancellation), cancellation);
        }
        catch (StoreUnavailableException exception) when (exception.InnerException is AmazonS3Exception { StatusCode: System.Net.HttpStatusCode.PreconditionFailed })
        {
            throw new StoreUnavailableException(StoreProblem.Refused, "The object was changed in the store while it was being read.", exception);
        }

        next = Position;
    }

    private void Close(bool keepWindow)
    {
        response?.Dispose();
        response = null;
        if (!keepWindow)
        {
            window = FirstWindow;
        }
    }
}
