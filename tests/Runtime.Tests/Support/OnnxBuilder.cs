using System.Runtime.InteropServices;
using static Ops.Testing.Runtime.Protobuf;

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

    /// <summary>Returns each input as it came, under the name of its input with "out_" before it.</summary>
    /// <param name="inputs">Names, element types of onnx.proto, and how many dimensions, all of them open.</param>
    public static byte[] Identity(params (string Name, int Type, int Rank)[] inputs) => Model([.. inputs.SelectMany(i => new[]
    {
        Node("Identity", [i.Name], ["out_" + i.Name]),
        Open(11, i.Name, i.Type, i.Rank),
        Open(12, "out_" + i.Name, i.Type, i.Rank),
    })]);

    /// <summary>y = x, of any shape; -1 leaves an extent open.</summary>
    public static byte[] Identity(params long[] shape) => Model(Node("Identity", ["x"], ["y"]), OpenValue(11, "x", shape), OpenValue(12, "y", shape));

    /// <summary>sum = x + x, and x itself as the second output.</summary>
    public static byte[] SumAndSelf() =>
        Model(Node("Add", ["x", "x"], ["sum"]), Value(11, "x", Float, 4), Value(12, "sum", Float, 4), Value(12, "x", Float, 4));

    /// <summary>The positions of what is not 0 in x: how many there are, only the run can tell.</summary>
    public static byte[] UnknownExtent() => Model(
        Node("NonZero", ["x"], ["y"]),
        Value(11, "x", Float, 4),
        Message(12, Text(1, "y"), Message(2, Message(1, Varint(1, Int64), Message(2, Message(1, Varint(1, 1)), Message(1, Text(2, "found")))))));

    /// <summary>Says that y is [batch,4] like x, but flattens it: the engine only warns.</summary>
    public static byte[] BreaksItsWord() => Model(
        Node("Reshape", ["x", "shape"], ["y"]),
        Message(5, Varint(1, 1), Varint(2, Int64), Text(8, "shape"), Varint(7, -1)),
        BatchOf(11, "x", 4),
        BatchOf(12, "y", 4));

    /// <summary>y = the first four elements of x, declared to have as many as x.</summary>
    public static byte[] KeepsItsWordUpToFour() => Model(
        Node("Slice", ["x", "starts", "ends"], ["y"]),
        Message(5, Varint(1, 1), Varint(2, Int64), Text(8, "starts"), Varint(7, 0)),
        Message(5, Varint(1, 1), Varint(2, Int64), Text(8, "ends"), Varint(7, 4)),
        BatchOf(11, "x"),
        BatchOf(12, "y"));

    /// <summary>y = a constant of four, and z = -x.</summary>
    public static byte[] ConstantAndNegated() => Model(
        Node("Identity", ["w"], ["y"]),
        Node("Neg", ["x"], ["z"]),
        Floats("w", [4], [1, 2, 3, 4]),
        BatchOf(11, "x"),
        Value(12, "y", Float, 4),
        BatchOf(12, "z"));

    /// <summary>y = x * w for a vector w of four: the name of x's only extent is open, but nothing else than 4 fits.</summary>
    public static byte[] OnlyFour() => Model(
        Node("MatMul", ["x", "w"], ["y"]),
        Floats("w", [4], [1, 2, 3, 4]),
        BatchOf(11, "x"),
        Message(12, Text(1, "y"), Message(2, Message(1, Varint(1, Float), Message(2)))));

    /// <summary>y = x / x in whole numbers: zeros fail.</summary>
    public static byte[] Divides() => Model(Node("Div", ["x", "x"], ["y"]), Value(11, "x", Int64, 2), Value(12, "y", Int64, 2));

    /// <summary>y = -x, of which not even the number of extents is known.</summary>
    public static byte[] UnknownInput() => Model(
        Node("Neg", ["x"], ["y"]),
        Message(11, Text(1, "x"), Message(2, Message(1, Varint(1, Float)))),
        Message(12, Text(1, "y"), Message(2, Message(1, Varint(1, Float)))));

    /// <summary>A model of the graph's fields; opset 17.</summary>
    internal static byte[] Model(params byte[][] graph) =>
        Join(Varint(1, 8), Message(7, [.. graph, Text(2, "test")]), Message(8, Varint(2, 17)));

    /// <summary>A node with attributes, each made by <see cref="Ints"/>.</summary>
    internal static byte[] Node(string operation, string[] inputs, string[] outputs, params byte[][] attributes) =>
        Message(1, [.. inputs.Select(i => Text(1, i)), .. outputs.Select(o => Text(2, o)), Text(4, operation), .. attributes]);

    /// <summary>An attribute that is a list of whole numbers.</summary>
    internal static byte[] Ints(string name, params long[] values) =>
        Message(5, [Text(1, name), .. values.Select(v => Varint(8, v)), Varint(20, 7)]);

    /// <summary>An initializer of float32.</summary>
    internal static byte[] Floats(string name, long[] shape, ReadOnlySpan<float> values) =>
        Message(5, [.. shape.Select(d => Varint(1, d)), Varint(2, Float), Text(8, name), Delimited(9, MemoryMarshal.AsBytes(values))]);

    /// <summary>An input (field 11) or output (field 12) of float32 whose first extent is free.</summary>
    internal static byte[] BatchOf(int field, string name, params long[] extents) =>
        Message(field, Text(1, name), Message(2, Message(1, Varint(1, Float), Message(2, [Message(1, Text(2, "batch")), .. extents.Select(e => Message(1, Varint(1, e)))]))));

    private static byte[] Value(int field, string name, int type, int extent) =>
        Message(field, Text(1, name), Message(2, Message(1, Varint(1, type), Message(2, Message(1, Varint(1, extent))))));

    private static byte[] Open(int field, string name, int type, int rank) =>
        Message(field, Text(1, name), Message(2, Message(1, Varint(1, type), Message(2, [.. Enumerable.Range(0, rank).Select(d => Message(1, Text(2, $"{name}_{d}")))]))));

    private static byte[] OpenValue(int field, string name, long[] shape) => Message(
        field,
        Text(1, name),
        Message(2, Message(1, Varint(1, Float), Message(2, [.. shape.Select((e, i) => Message(1, e < 0 ? Text(2, $"d{i}") : Varint(1, e)))]))));
}
