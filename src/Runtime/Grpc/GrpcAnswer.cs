using System.Buffers;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using Ops.Runtime.Inference;
using Ops.Runtime.Models;

namespace Ops.Runtime.Grpc;

/// <summary>A message whose bytes may lie in memory that somebody keeps for it.</summary>
/// <param name="Message">What is sent.</param>
/// <param name="Memory">Lets go of the memory that the message shows; null when it shows none.</param>
internal sealed record GrpcAnswer<T>(T Message, IDisposable? Memory = null) : IDisposable
    where T : IMessage<T>
{
    /// <summary>Writes the message into the connection's buffer, which is the only copy that is made of a tensor, and
    /// lets go of its memory: a slow client must not hold it.</summary>
    public static void Serialize(GrpcAnswer<T> answer, SerializationContext context)
    {
        using (answer)
        {
            context.SetPayloadLength(answer.Message.CalculateSize());
            answer.Message.WriteTo(context.GetBufferWriter());
            context.Complete();
        }
    }

    public void Dispose() => Memory?.Dispose();
}

/// <summary>Everything that an answer of inference needs until it is written. Let go of once, whoever comes first.</summary>
internal sealed class AnswerMemory(InferResult result, AnsweredOutputs outputs, RequestMemory memory, ModelLease lease) : IDisposable
{
    private int disposed;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 0)
        {
            outputs.Dispose();
            result.Dispose();
            memory.Dispose();
            lease.Dispose();
        }
    }
}

/// <summary>Shows an output's bytes as memory, without a copy. Valid as long as the result it came from.</summary>
internal sealed class OutputMemory(OutputView output) : MemoryManager<byte>
{
    public override Span<byte> GetSpan()
    {
        var bytes = output.Data<byte>();
        return MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(bytes), bytes.Length);
    }

    /// <summary>The memory is the engine's, which never moves it.</summary>
    public override unsafe MemoryHandle Pin(int elementIndex = 0) =>
        new(System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(GetSpan()[elementIndex..])), pinnable: this);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
