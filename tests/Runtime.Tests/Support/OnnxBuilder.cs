using System.Text;

namespace Ops.Runtime.Tests.Support;

/// <summary>Writes small ONNX files, field by field of onnx.proto.</summary>
internal static class OnnxBuilder
{
    private const int Float = 1;
    private const int Int64 = 7;

    /// <summary>y = x + w, where w (four floats) is stored in another file.</summary>
    public static byte[] WithExternalData(string location, string offset = "0", string length = "16") => Model(
        Node("Add", ["x", "w"], ["y"]),
        Message(5,
            Varint(1, 4),
            Varint(2, Float),
            Text(8, "w"),
            Message(13, Text(1, "location"), Text(2, location)),
            Message(13, Text(1, "offset"), Text(2, offset)),
            Message(13, Text(1, "length"), Text(2, length)),
            Varint(14, 1)),
        Value(11, "x", Float, 4),
        Value(12, "y", Float, 4));

    /// <summary>A model whose only node is of the given kind.</summary>
    public static byte[] WithNode(string operation) => Model(Node(operation, ["x"], ["y"]), Value(11, "x", Float, 4), Value(12, "y", Float, 4));

    /// <summary>Multiplies square matrices of zeros, eight times; the input says how large. Takes long for few bytes.</summary>
    public static byte[] Slow()
    {
        var parts = new List<byte[]> { Node("ConstantOfShape", ["size"], ["m0"]) };
        for (var i = 0; i < 8; i++)
        {
            parts.Add(Node("MatMul", [$"m{i}", "m0"], [$"m{i + 1}"]));
        }

        parts.Add(Node("Shape", ["m8"], ["y"]));
        parts.Add(Value(11, "size", Int64, 2));
        parts.Add(Value(12, "y", Int64, 2));
        return Model([.. parts]);
    }

    /// <summary>For each name and type an input in_name of four elements that comes back as out_name.</summary>
    public static byte[] Identities(params (string Name, int Type)[] tensors) => Model(
    [
        .. tensors.Select(t => Node("Identity", [$"in_{t.Name}"], [$"out_{t.Name}"])),
        .. tensors.Select(t => Value(11, $"in_{t.Name}", t.Type, 4)),
        .. tensors.Select(t => Value(12, $"out_{t.Name}", t.Type, 4)),
    ]);

    private static byte[] Model(params byte[][] graph) =>
        [.. Varint(1, 8), .. Message(7, [.. graph, Text(2, "test")]), .. Message(8, Varint(2, 17))];

    private static byte[] Node(string operation, string[] inputs, string[] outputs) =>
        Message(1, [.. inputs.Select(i => Text(1, i)), .. outputs.Select(o => Text(2, o)), Text(4, operation)]);

    private static byte[] Value(int field, string name, int type, int extent) =>
        Message(field, Text(1, name), Message(2, Message(1, Varint(1, type), Message(2, Message(1, Varint(1, extent))))));

    private static byte[] Text(int field, string text) => Delimited(field, Encoding.UTF8.GetBytes(text));

    private static byte[] Message(int field, params byte[][] parts) => Delimited(field, [.. parts.SelectMany(p => p)]);

    private static byte[] Delimited(int field, byte[] content) => [.. Number((ulong)((field << 3) | 2)), .. Number((ulong)content.Length), .. content];

    private static byte[] Varint(int field, int value) => [.. Number((ulong)(field << 3)), .. Number((ulong)value)];

    private static IEnumerable<byte> Number(ulong value)
    {
        while (value >= 0x80)
        {
            yield return (byte)(value | 0x80);
            value >>= 7;
        }

        yield return (byte)value;
    }
}
