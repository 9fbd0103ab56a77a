using System.Buffers.Binary;
using System.Text;

namespace Ops.Dashboard.Tests.Features.Registry.Onnx;

/// <summary>Writes protobuf by hand, so that tests can write what no protobuf library would.</summary>
internal sealed class ProtoWriter
{
    private readonly List<byte> bytes = [];

    public byte[] ToArray() => [.. bytes];

    public ProtoWriter Raw(params byte[] raw)
    {
        bytes.AddRange(raw);
        return this;
    }

    public ProtoWriter Varint(ulong value)
    {
        for (; value > 0x7F; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        bytes.Add((byte)value);
        return this;
    }

    public ProtoWriter Tag(int field, int wireType) => Varint((ulong)((field << 3) | wireType));

    public ProtoWriter Int(int field, long value) => Tag(field, 0).Varint((ulong)value);

    public ProtoWriter Bytes(int field, byte[] content) => Tag(field, 2).Varint((ulong)content.Length).Raw(content);

    public ProtoWriter Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    public ProtoWriter Float(int field, float value)
    {
        var raw = new byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(raw, value);
        return Tag(field, 5).Raw(raw);
    }

    public ProtoWriter Message(int field, Action<ProtoWriter> content) => Bytes(field, Build(content));

    public static byte[] Build(Action<ProtoWriter> content)
    {
        var writer = new ProtoWriter();
        content(writer);
        return writer.ToArray();
    }
}
