using System.Buffers;
using Google.Protobuf;
using Ops.Runtime.Grpc.Protocol;
using Ops.Runtime.Inference;

namespace Ops.Runtime.Grpc;

/// <summary>
/// An inference request as it came over gRPC. The raw tensors stay in the pooled memory that the message was received
/// into: as fields of the message each would be an array of its own, and large ones make the garbage collector work.
/// </summary>
internal sealed class InferCall : IDisposable
{
    /// <summary>Largest part of a message beside its raw tensors, in bytes. What is parsed into objects takes many times
    /// its size.</summary>
    public const int MaxParsedBytes = 16 * 1024 * 1024;

    /// <summary>How many times its size a message takes when it is parsed: numbers of one byte become ones of eight.</summary>
    private const int ParsedGrowth = 8;

    /// <summary>Most inputs, outputs, raw tensors or parameters of a request.</summary>
    public const int MaxEntries = 1024;

    private const uint ParametersTag = (4 << 3) | 2;
    private const uint InputsTag = (5 << 3) | 2;
    private const uint OutputsTag = (6 << 3) | 2;
    private const uint RawTag = (7 << 3) | 2;

    // Fields that this server does not know are dropped: kept, each would cost an object.
    private static readonly MessageParser<ModelInferRequest> Parser = ModelInferRequest.Parser.WithDiscardUnknownFields(true);
    private byte[] buffer;

    private InferCall(byte[] buffer, ModelInferRequest message, IReadOnlyList<ReadOnlyMemory<byte>> raw, RequestMemory memory)
    {
        Memory = memory;
        this.buffer = buffer;
        Message = message;
        Raw = raw;
    }

    /// <summary>The message without its raw tensors.</summary>
    public ModelInferRequest Message { get; }

    /// <summary>The raw tensors, in the order of the inputs; empty when the inputs have typed contents. Not after
    /// <see cref="Dispose"/>.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Raw { get; }

    /// <summary>What the request holds of the memory for requests. Whoever answers disposes it when the answer is out.</summary>
    public RequestMemory Memory { get; }

    /// <summary>Why the message cannot be a request: it is malformed, or has more parts than a request can need. Told by
    /// whoever answers, who also counts it.</summary>
    public ProtocolException? Refusal { get; private init; }

    /// <summary>Takes a message apart.</summary>
    /// <param name="payload">The whole message; copied.</param>
    /// <param name="budget">What all requests together may hold.</param>
    public static InferCall Read(in ReadOnlySequence<byte> payload, MemoryBudget budget)
    {
        var memory = budget.Open();
        try
        {
            return Parse(payload, memory);
        }
        catch (ProtocolException refusal)
        {
            memory.Dispose();
            return new InferCall([], new ModelInferRequest(), [], memory) { Refusal = refusal };
        }
    }

    /// <summary>Lets go of what was received.</summary>
    public void Dispose()
    {
        var returned = Interlocked.Exchange(ref buffer, []);
        if (returned.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(returned);
            Memory.ReturnBody();
        }
    }

    private static InferCall Parse(in ReadOnlySequence<byte> payload, RequestMemory memory)
    {
        var length = checked((int)payload.Length);
        memory.GrowBodyTo(length);
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            payload.CopyTo(buffer);
            var raw = new List<ReadOnlyMemory<byte>>();
            var rest = Split(buffer.AsMemory(0, length), raw);
            if (rest.Length > MaxParsedBytes)
            {
                throw new ProtocolException(StatusCodes.Status413PayloadTooLarge, $"A request may have {MaxParsedBytes} bytes beside raw_input_contents; send large tensors raw.");
            }

            memory.GrowBodyTo(length + (ParsedGrowth * rest.Length));
            return new InferCall(buffer, Parser.ParseFrom(rest), raw, memory);
        }
        catch (Exception exception)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            if (exception is InvalidProtocolBufferException)
            {
                throw ProtocolException.BadRequest("The message is malformed.");
            }

            throw;
        }
    }

    /// <summary>Finds the raw tensors among the fields of the message.</summary>
    /// <returns>What is left of the message without them.</returns>
    private static ReadOnlySequence<byte> Split(ReadOnlyMemory<byte> message, List<ReadOnlyMemory<byte>> raw)
    {
        var fields = new ProtobufFields(message.Span);
        var rest = new Pieces();
        var restStart = 0;
        Span<int> entries = stackalloc int[4];
        while (fields.Next(out var tag, out var start, out var content))
        {
            var kind = tag switch { ParametersTag => 0, InputsTag => 1, OutputsTag => 2, RawTag => 3, _ => -1 };
            if (kind >= 0 && ++entries[kind] > MaxEntries)
            {
                throw ProtocolException.BadRequest($"A request may have at most {MaxEntries} inputs, outputs and parameters.");
            }

            if (tag == RawTag)
            {
                rest.Add(message[restStart..start]);
                raw.Add(message[content]);
                restStart = content.End.Value;
            }
        }

        rest.Add(message[restStart..]);
        return rest.ToSequence();
    }

    /// <summary>Memory in pieces that is read as one.</summary>
    private sealed class Pieces
    {
        private Piece? first;
        private Piece? last;

        public void Add(ReadOnlyMemory<byte> memory)
        {
            if (!memory.IsEmpty)
            {
                last = new Piece(memory, last);
                first ??= last;
            }
        }

        public ReadOnlySequence<byte> ToSequence() => first is null ? default : new(first, 0, last!, last!.Memory.Length);

        private sealed class Piece : ReadOnlySequenceSegment<byte>
        {
            public Piece(ReadOnlyMemory<byte> memory, Piece? previous)
            {
                Memory = memory;
                if (previous is not null)
                {
                    RunningIndex = previous.RunningIndex + previous.Memory.Length;
                    previous.Next = this;
                }
            }
        }
    }
}
