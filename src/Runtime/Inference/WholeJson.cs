using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;

namespace Ops.Runtime.Inference;

/// <summary>JSON that has to be whole before it is sent, since its length goes before it. Each thread keeps one for its next
/// answer, so it must not be held across an await.</summary>
internal sealed class WholeJson : IDisposable
{
    /// <summary>What is written is right by construction.</summary>
    public static readonly JsonWriterOptions Options = new() { SkipValidation = true };

    private const int FirstBytes = 1024;

    /// <summary>A larger one is not kept.</summary>
    private const int MostKept = 64 * 1024;

    [ThreadStatic]
    private static WholeJson? kept;

    private readonly ArrayBufferWriter<byte> bytes = new(FirstBytes);

    private WholeJson() => Json = new Utf8JsonWriter(bytes, Options);

    /// <summary>Writes it; to be flushed before the length is asked for.</summary>
    public Utf8JsonWriter Json { get; }

    /// <summary>Bytes that were flushed.</summary>
    public int Length => bytes.WrittenCount;

    /// <summary>Takes an empty one. Disposing gives it back.</summary>
    public static WholeJson Rent()
    {
        var json = kept ?? new WholeJson();
        kept = null;
        return json;
    }

    /// <summary>Puts it into a pipe, without flushing that.</summary>
    public void CopyTo(PipeWriter pipe) => pipe.Write(bytes.WrittenSpan);

    /// <summary>Puts it into a pipe and flushes that.</summary>
    public ValueTask<FlushResult> CopyTo(PipeWriter pipe, CancellationToken cancellation)
    {
        CopyTo(pipe);
        return pipe.FlushAsync(cancellation);
    }

    public void Dispose()
    {
        if (bytes.Capacity <= MostKept)
        {
            bytes.ResetWrittenCount();
            Json.Reset();
            kept = this;
        }
    }
}
