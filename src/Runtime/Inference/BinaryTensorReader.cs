using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Ops.Runtime.Models;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>
/// Reads the tensors that follow a request's JSON straight from the connection into their own memory. The form is that
/// of Triton's binary tensor data extension: little-endian, row-major, without padding; strings each behind four bytes
/// of length.
/// </summary>
internal static class BinaryTensorReader
{
    /// <summary>Reads all tensors that follow, and makes sure that nothing comes after them.</summary>
    /// <param name="reader">The body of the request, behind its JSON.</param>
    /// <param name="request">Says what follows, and receives it.</param>
    /// <param name="model">Describes the inputs.</param>
    /// <param name="memory">What the request may hold.</param>
    /// <param name="cancellation">Set when the client went away.</param>
    /// <exception cref="ProtocolException">The bytes are too few, too many or no elements of their type; or there is not so
    /// much memory.</exception>
    /// <exception cref="BadHttpRequestException">The body is broken.</exception>
    public static async ValueTask ReadAsync(PipeReader reader, ParsedRequest request, ModelSignature model, RequestMemory memory, CancellationToken cancellation)
    {
        foreach (var binary in request.Binary)
        {
            var input = model.Inputs[binary.Index];
            var count = memory.TakeTensor(input, binary.Count, inBody: true);
            // The request owns the tensor from here on, so that it is disposed whatever comes.
            if (model.IsPreprocessed(binary.Index))
            {
                var elements = new List<ReadOnlyMemory<byte>>(count);
                using var filler = new StringFiller((_, element) => elements.Add(element.ToArray()), input, count, (int)binary.Size);
                await FillAsync(reader, filler, input, cancellation);
                request.Inputs[binary.Index] = memory.Added(model.Preprocess(binary.Index, elements));
            }
            else if (input.ElementType == OrtElementType.String)
            {
                var strings = OrtTensor.AllocateStrings(binary.Shape);
                request.Inputs[binary.Index] = strings;
                using var filler = new StringFiller(strings.SetString, input, count, (int)binary.Size);
                await FillAsync(reader, filler, input, cancellation);
            }
            else
            {
                var numbers = OrtTensor.Allocate(input.ElementType, binary.Shape);
                request.Inputs[binary.Index] = numbers;
                await FillAsync(reader, new NumberFiller(numbers), input, cancellation);
                RefuseBadBools(numbers, input);
            }
        }

        await ExpectEndAsync(reader, cancellation);
    }

    private static async ValueTask FillAsync<TFiller>(PipeReader reader, TFiller filler, OrtTensorInfo input, CancellationToken cancellation)
        where TFiller : class, IFiller
    {
        while (filler.Left > 0)
        {
            var result = await reader.ReadAsync(cancellation);
            var piece = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, filler.Left));
            try
            {
                filler.Take(piece);
            }
            finally
            {
                reader.AdvanceTo(piece.End);
            }

            if (result.IsCompleted && filler.Left > 0)
            {
                throw ProtocolException.BadRequest($"The body ends before the binary data of input '{input.Name}' does.");
            }
        }

        filler.Finish();
    }

    private static async ValueTask ExpectEndAsync(PipeReader reader, CancellationToken cancellation)
    {
        while (true)
        {
            var result = await reader.ReadAsync(cancellation);
            var (more, ends) = (!result.Buffer.IsEmpty, result.IsCompleted);
            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (more)
            {
                throw ProtocolException.BadRequest("The body goes on after its last tensor.");
            }

            if (ends)
            {
                return;
            }
        }
    }

    /// <summary>What is neither 0 nor 1 is no boolean to the engine's compiler, which may then do anything.</summary>
    private static void RefuseBadBools(OrtTensor tensor, OrtTensorInfo input)
    {
        if (input.ElementType == OrtElementType.Bool && tensor.Data<byte>().IndexOfAnyExceptInRange((byte)0, (byte)1) is var bad and >= 0)
        {
            throw ProtocolException.BadRequest($"Element {bad} of input '{input.Name}' is not a valid BOOL: its byte is neither 0 nor 1.");
        }
    }

    /// <summary>Takes one string of a tensor.</summary>
    private delegate void StringSink(int index, ReadOnlySpan<byte> value);

    /// <summary>Takes the bytes of one tensor as they arrive.</summary>
    private interface IFiller
    {
        /// <summary>Bytes that are still to come.</summary>
        int Left { get; }

        /// <summary>Takes bytes, at most <see cref="Left"/>.</summary>
        void Take(ReadOnlySequence<byte> piece);

        /// <summary>All bytes came.</summary>
        void Finish();
    }

    private sealed class NumberFiller(OrtTensor tensor) : IFiller
    {
        public int Left { get; private set; } = tensor.Data<byte>().Length;

        public void Take(ReadOnlySequence<byte> piece)
        {
            piece.CopyTo(tensor.Data<byte>()[^Left..]);
            Left -= (int)piece.Length;
        }

        public void Finish()
        {
        }
    }

    private sealed class StringFiller(StringSink sink, OrtTensorInfo input, int count, int size) : IFiller, IDisposable
    {
        private readonly byte[] prefix = new byte[sizeof(uint)];

        /// <summary>Holds a string that arrives in several pieces.</summary>
        private byte[] pieces = [];
        private int prefixFilled;
        private int index;
        private int length;
        private int filled;

        public int Left { get; private set; } = size;

        public void Take(ReadOnlySequence<byte> piece)
        {
            foreach (var segment in piece)
            {
                var bytes = segment.Span;
                while (!bytes.IsEmpty)
                {
                    var taken = prefixFilled < prefix.Length ? TakePrefix(bytes) : TakeString(bytes);
                    bytes = bytes[taken..];
                    Left -= taken;
                }
            }
        }

        public void Finish()
        {
            if (index != count)
            {
                throw Wrong("fewer");
            }
        }

        public void Dispose()
        {
            ArrayPool<byte>.Shared.Return(pieces);
            pieces = [];
        }

        private int TakePrefix(ReadOnlySpan<byte> bytes)
        {
            if (index == count)
            {
                throw Wrong("more");
            }

            var taken = Math.Min(bytes.Length, prefix.Length - prefixFilled);
            bytes[..taken].CopyTo(prefix.AsSpan(prefixFilled));
            prefixFilled += taken;
            if (prefixFilled == prefix.Length)
            {
                Begin(BinaryPrimitives.ReadUInt32LittleEndian(prefix), Left - taken);
            }

            return taken;
        }

        private void Begin(uint announced, int left)
        {
            // The strings after it need their lengths too. Checked before memory is taken for it.
            var room = left - ((long)(count - index - 1) * sizeof(uint));
            if (announced > room)
            {
                throw ProtocolException.BadRequest($"Element {index} of input '{input.Name}' announces {announced} bytes; there is room for {Math.Max(room, 0)}.");
            }

            (length, filled) = ((int)announced, 0);
            if (length == 0)
            {
                sink(index, []);
                Next();
            }
        }

        private int TakeString(ReadOnlySpan<byte> bytes)
        {
            var taken = Math.Min(bytes.Length, length - filled);
            if (taken == length)
            {
                sink(index, bytes[..taken]);
                Next();
                return taken;
            }

            Gather(bytes[..taken]);
            filled += taken;
            if (filled == length)
            {
                sink(index, pieces.AsSpan(0, length));
                Next();
            }

            return taken;
        }

        private void Gather(ReadOnlySpan<byte> piece)
        {
            if (pieces.Length < length)
            {
                ArrayPool<byte>.Shared.Return(pieces);
                pieces = ArrayPool<byte>.Shared.Rent(length);
            }

            piece.CopyTo(pieces.AsSpan(filled));
        }

        private void Next()
        {
            index++;
            prefixFilled = 0;
        }

        private ProtocolException Wrong(string what) =>
            ProtocolException.BadRequest($"The binary data of input '{input.Name}' has {what} than the {count} elements of its shape.");
    }
}
