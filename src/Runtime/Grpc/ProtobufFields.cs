using Ops.Runtime.Inference;

namespace Ops.Runtime.Grpc;

/// <summary>Steps over the top-level fields of an encoded protobuf message without decoding what is in them.</summary>
/// <remarks>The encoding: https://protobuf.dev/programming-guides/encoding.</remarks>
internal ref struct ProtobufFields(ReadOnlySpan<byte> message)
{
    private const int MaxVarintBytes = 10;
    private readonly ReadOnlySpan<byte> message = message;
    private int position;

    /// <summary>Goes to the next field.</summary>
    /// <param name="tag">Its number, shifted left by three, and its wire type.</param>
    /// <param name="start">Where it begins.</param>
    /// <param name="content">Where its value is; of a length-delimited field, without the length.</param>
    /// <returns>False at the end of the message.</returns>
    /// <exception cref="ProtocolException">400: the message is cut off or is none.</exception>
    public bool Next(out uint tag, out int start, out Range content)
    {
        (tag, start, content) = (0, position, default);
        if (position == message.Length)
        {
            return false;
        }

        var number = Varint();
        tag = number <= uint.MaxValue ? (uint)number : throw Malformed();
        switch (tag & 7)
        {
            case 0:
                var value = position;
                Varint();
                content = value..position;
                return true;
            case 1:
                content = Take(8);
                return true;
            case 2:
                content = Take(Varint());
                return true;
            case 5:
                content = Take(4);
                return true;
            default:
                // Groups, which no message of the protocol has.
                throw Malformed();
        }
    }

    private Range Take(ulong length)
    {
        if (length > (ulong)(message.Length - position))
        {
            throw Malformed();
        }

        var start = position;
        position += (int)length;
        return start..position;
    }

    private ulong Varint()
    {
        var value = 0UL;
        for (var i = 0; i < MaxVarintBytes && position < message.Length; i++)
        {
            var next = message[position++];
            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Malformed();
    }

    private static ProtocolException Malformed() => ProtocolException.BadRequest("The message is malformed.");
}
