using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>Writes a tensor behind a response's JSON, straight from its memory into the connection; the counterpart of
/// <see cref="BinaryTensorReader"/>.</summary>
internal sealed class BinaryTensorWriter
{
    private const int BytesPerPiece = 64 * 1024;
    private readonly OutputView tensor;
    private readonly byte[] strings = [];
    private readonly nuint[] offsets = [];

    public BinaryTensorWriter(OutputView tensor)
    {
        this.tensor = tensor;
        if (tensor.ElementType == OrtElementType.String)
        {
            strings = tensor.StringBytes(out offsets);
            Size = strings.Length + ((long)offsets.Length * sizeof(uint));
        }
        else
        {
            Size = tensor.ElementCount * tensor.ElementType.Size();
        }
    }

    /// <summary>How many bytes there are.</summary>
    public long Size { get; }

    /// <summary>Writes them.</summary>
    /// <param name="pipe">The body of the response.</param>
    /// <param name="cancellation">Set when the client went away.</param>
    public Task WriteAsync(PipeWriter pipe, CancellationToken cancellation) =>
        tensor.ElementType == OrtElementType.String ? WriteStringsAsync(pipe, cancellation) : WriteNumbersAsync(pipe, cancellation);

    private async Task WriteNumbersAsync(PipeWriter pipe, CancellationToken cancellation)
    {
        for (var start = 0; start < Size; start += BytesPerPiece)
        {
            pipe.Write(tensor.Data<byte>().Slice(start, (int)Math.Min(BytesPerPiece, Size - start)));
            await pipe.FlushAsync(cancellation);
        }
    }

    private async Task WriteStringsAsync(PipeWriter pipe, CancellationToken cancellation)
    {
        var unflushed = 0;
        for (var i = 0; i < offsets.Length; i++)
        {
            var from = (int)offsets[i];
            var to = i + 1 < offsets.Length ? (int)offsets[i + 1] : strings.Length;
            BinaryPrimitives.WriteUInt32LittleEndian(pipe.GetSpan(sizeof(uint)), (uint)(to - from));
            pipe.Advance(sizeof(uint));
            unflushed += sizeof(uint);
            do
            {
                var piece = Math.Min(BytesPerPiece, to - from);
                pipe.Write(strings.AsSpan(from, piece));
                from += piece;
                unflushed += piece;
                if (unflushed >= BytesPerPiece)
                {
                    await pipe.FlushAsync(cancellation);
                    unflushed = 0;
                }
            }
            while (from < to);
        }

        await pipe.FlushAsync(cancellation);
    }
}
