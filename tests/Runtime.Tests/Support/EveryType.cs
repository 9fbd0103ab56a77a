using System.Text;
using Ops.Runtime.Configuration;
using Ops.Runtime.Inference;

namespace Ops.Runtime.Tests.Support;

/// <summary>One element type of the protocol, with four elements of it.</summary>
/// <param name="Name">Of the protocol.</param>
/// <param name="Type">Number in onnx.proto.</param>
/// <param name="Json">The elements as JSON.</param>
/// <param name="Bytes">The same elements in binary.</param>
internal sealed record EveryType(string Name, int Type, string Json, byte[] Bytes)
{
    public static readonly EveryType[] All =
    [
        new("FP32", 1, "[1.5,-3.4028235E+38,1E-45,0.1]", BinaryRequest.Bytes(1.5f, float.MinValue, float.Epsilon, 0.1f)),
        new("UINT8", 2, "[0,255,1,2]", [0, 255, 1, 2]),
        new("INT8", 3, "[-128,127,0,1]", BinaryRequest.Bytes<sbyte>(-128, 127, 0, 1)),
        new("UINT16", 4, "[0,65535,1,2]", BinaryRequest.Bytes<ushort>(0, 65535, 1, 2)),
        new("INT16", 5, "[-32768,32767,0,1]", BinaryRequest.Bytes<short>(short.MinValue, short.MaxValue, 0, 1)),
        new("INT32", 6, "[-2147483648,2147483647,0,1]", BinaryRequest.Bytes(int.MinValue, int.MaxValue, 0, 1)),
        new("INT64", 7, "[-9223372036854775808,9223372036854775807,0,1]", BinaryRequest.Bytes(long.MinValue, long.MaxValue, 0L, 1L)),
        new("BYTES", 8, "[\"\",\"h\u00e9llo \u2713\",\"a\\u0000b\",\"x\"]", BinaryRequest.Strings([], Encoding.UTF8.GetBytes("h\u00e9llo \u2713"), [(byte)'a', 0, (byte)'b'], [(byte)'x'])),
        new("BOOL", 9, "[true,false,false,true]", [1, 0, 0, 1]),
        new("FP16", 10, "[0.5,-65504,0.25,1]", BinaryRequest.Bytes((Half)0.5, Half.MinValue, (Half)0.25, (Half)1)),
        new("FP64", 11, "[0.1,-1.7976931348623157E+308,5E-324,3]", BinaryRequest.Bytes(0.1, double.MinValue, double.Epsilon, 3d)),
        new("UINT32", 12, "[0,4294967295,1,2]", BinaryRequest.Bytes<uint>(0, uint.MaxValue, 1, 2)),
        new("UINT64", 13, "[0,18446744073709551615,1,2]", BinaryRequest.Bytes<ulong>(0, ulong.MaxValue, 1, 2)),
        new("BF16", 16, "[0.5,-2,0.25,1]", BinaryRequest.Bytes(BrainFloat.From(0.5f), BrainFloat.From(-2), BrainFloat.From(0.25f), BrainFloat.From(1))),
    ];

    public string Input => Name.ToLowerInvariant();

    public string Output => "out_" + Input;

    /// <summary>A model that returns a tensor of every type as it came.</summary>
    public static ModelOptions Model(TestFolder folder) => Made(folder, "types", OnnxBuilder.Identity([.. All.Select(t => (t.Input, t.Type, 2))]));

    /// <summary>A model of the given bytes, version 1.</summary>
    public static ModelOptions Made(TestFolder folder, string name, byte[] model, string version = "1")
    {
        var path = folder.File($"{name}-{version}.onnx");
        File.WriteAllBytes(path, model);
        return TestModels.Options(name, version, TestModels.FileOptions(path));
    }
}
