using System.Buffers.Binary;
using System.Text;

namespace Ops.Testing.Runtime;

/// <summary>What gRPC's client puts on the wire and reads off it.</summary>
internal static class GrpcFrames
{
    /// <summary>Writes the nine bytes before a frame's payload.</summary>
    public static void WriteHead(Span<byte> frame, int size, byte type, byte flags, int id)
    {
        (frame[0], frame[1], frame[2], frame[3], frame[4]) = ((byte)(size >> 16), (byte)(size >> 8), (byte)size, type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame[5..], id);
    }

    /// <summary>The HTTP status that a gRPC code stands for.</summary>
    public static int HttpStatus(int code) => code switch
    {
        0 => 200,
        3 or 9 or 11 => 400,
        5 => 404,
        8 or 14 => 503,
        12 => 501,
        // The stream ended without a status.
        < 0 => 502,
        _ => 500,
    };

    /// <summary>Header fields as literals that enter no table (RFC 7541, 6.2.2) but for the two the static table has whole.</summary>
    public static byte[] Headers(string authority, string path)
    {
        return [0x83, 0x86, .. Named(4, path), .. Named(1, authority), 0x0F, 31 - 15, .. Literal("application/grpc"), 0, .. Literal("te"), .. Literal("trailers")];

        static byte[] Named(byte index, string value) => [index, .. Literal(value)];
        static byte[] Literal(string value) => [checked((byte)value.Length), .. Encoding.ASCII.GetBytes(value)];
    }
}
