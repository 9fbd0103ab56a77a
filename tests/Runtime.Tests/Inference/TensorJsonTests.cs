using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Ops.Runtime.Inference;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Tests.Inference;

public sealed class TensorJsonTests
{
    [Fact]
    public void RoundTrip_AnyFloat32_IsExact() => RoundTrip<float>(OrtElementType.Float32, float.IsFinite);

    [Fact]
    public void RoundTrip_AnyFloat64_IsExact() => RoundTrip<double>(OrtElementType.Float64, double.IsFinite);

    [Fact]
    public void RoundTrip_AnyInt8_IsExact() => RoundTrip<sbyte>(OrtElementType.Int8);

    [Fact]
    public void RoundTrip_AnyUInt8_IsExact() => RoundTrip<byte>(OrtElementType.UInt8);

    [Fact]
    public void RoundTrip_AnyInt16_IsExact() => RoundTrip<short>(OrtElementType.Int16);

    [Fact]
    public void RoundTrip_AnyUInt16_IsExact() => RoundTrip<ushort>(OrtElementType.UInt16);

    [Fact]
    public void RoundTrip_AnyInt32_IsExact() => RoundTrip<int>(OrtElementType.Int32);

    [Fact]
    public void RoundTrip_AnyUInt32_IsExact() => RoundTrip<uint>(OrtElementType.UInt32);

    [Fact]
    public void RoundTrip_AnyInt64_IsExact() => RoundTrip<long>(OrtElementType.Int64);

    [Fact]
    public void RoundTrip_AnyUInt64_IsExact() => RoundTrip<ulong>(OrtElementType.UInt64);

    [Fact]
    public void RoundTrip_EveryFloat16_IsExact()
    {
        var all = Enumerable.Range(0, 65536).Select(b => BitConverter.UInt16BitsToHalf((ushort)b)).Where(Half.IsFinite).ToArray();
        AssertRoundTrip(OrtElementType.Float16, all);
    }

    [Fact]
    public void RoundTrip_EveryBrainFloat_IsExact()
    {
        var all = Enumerable.Range(0, 65536).Select(b => new BrainFloat((ushort)b)).Where(b => float.IsFinite(b.ToSingle())).ToArray();
        AssertRoundTrip(OrtElementType.BFloat16, all);
    }

    [Fact]
    public void RoundTrip_AnyBools_IsExact() =>
        Prop.ForAll<bool[]>(values => AssertRoundTrip(OrtElementType.Bool, values.Select(v => v ? (byte)1 : (byte)0).ToArray()))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void RoundTrip_AnyStrings_IsExact() =>
        Prop.ForAll<string[]>(values =>
        {
            var valid = values.Select(v => v ?? string.Empty).Where(IsUnicode).ToArray();
            using var tensor = Read(OrtElementType.String, JsonSerializer.Serialize(valid), valid.Length);
            Assert.Equal(valid, JsonSerializer.Deserialize<string[]>(Write(tensor)));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("[1,2,3,4,5,6]")]
    [InlineData("[[1,2,3],[4,5,6]]")]
    public void Read_FlatOrNested_GivesTheSame(string json)
    {
        using var tensor = Read(OrtElementType.Int32, json, 2, 3);
        Assert.Equal([1, 2, 3, 4, 5, 6], tensor.Data<int>().ToArray());
    }

    [Theory]
    [InlineData("[[1,2],[3,4],[5,6]]")]
    [InlineData("[[1,2,3],[4,5]]")]
    [InlineData("[[1,2,3],[4,5,6,7]]")]
    [InlineData("[[1,2,3],4,5,6]")]
    [InlineData("[1,2,3,[4,5,6]]")]
    [InlineData("[[[1,2,3],[4,5,6]]]")]
    [InlineData("[1,2,3,4,5]")]
    [InlineData("[1,2,3,4,5,6,7]")]
    [InlineData("[[1,2,3]]")]
    [InlineData("[]")]
    [InlineData("[[],[]]")]
    [InlineData("{}")]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("[1,2,3,4,5,null]")]
    [InlineData("[1,2,3,4,5,{}]")]
    [InlineData("[1,2,3,4,5,\"6\"]")]
    public void Read_DataThatContradictsTheShape_IsRefused(string json) =>
        Assert.Equal(400, Assert.Throws<ProtocolException>(() => Read(OrtElementType.Int32, json, 2, 3)).Status);

    [Theory]
    [InlineData((int)OrtElementType.Float32, "1e39")]
    [InlineData((int)OrtElementType.Float32, "\"NaN\"")]
    [InlineData((int)OrtElementType.Float64, "1e400")]
    [InlineData((int)OrtElementType.Float16, "65520")]
    [InlineData((int)OrtElementType.BFloat16, "3.4e38")]
    [InlineData((int)OrtElementType.Int8, "128")]
    [InlineData((int)OrtElementType.Int8, "1.5")]
    [InlineData((int)OrtElementType.UInt8, "-1")]
    [InlineData((int)OrtElementType.Int64, "9223372036854775808")]
    [InlineData((int)OrtElementType.UInt64, "-1")]
    [InlineData((int)OrtElementType.Bool, "1")]
    [InlineData((int)OrtElementType.Bool, "\"true\"")]
    [InlineData((int)OrtElementType.String, "1")]
    [InlineData((int)OrtElementType.String, "\"\\ud800\"")]
    public void Read_ElementThatDoesNotFit_IsRefused(int type, string element) =>
        Assert.Throws<ProtocolException>(() => Read((OrtElementType)type, $"[{element}]", 1));

    [Fact]
    public void Write_NotFinite_IsAStringThatNoNumberParserTakesForANumber()
    {
        using var tensor = OrtTensor.Allocate(OrtElementType.Float32, [3]);
        new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity }.CopyTo(tensor.Data<float>());
        Assert.Equal("[\"NaN\",\"Infinity\",\"-Infinity\"]", Encoding.UTF8.GetString(Write(tensor)));
    }

    [Fact]
    public void Write_StringThatIsNoUtf8_ReplacesWhatCannotBeText()
    {
        using var tensor = OrtTensor.FromStrings([1], [[(byte)'a', 0xFF, (byte)'b', 0]]);
        Assert.Equal("a\uFFFDb", Assert.Single(JsonSerializer.Deserialize<string[]>(Write(tensor))!));
    }

    [Fact]
    public void Read_Scalar_TakesOneElement()
    {
        using var tensor = Read(OrtElementType.Float64, "[2.5]");
        Assert.Equal(2.5, tensor.Data<double>()[0]);
    }

    private static void RoundTrip<T>(OrtElementType type, Func<T, bool>? where = null) where T : unmanaged =>
        Prop.ForAll<T[]>(values => AssertRoundTrip(type, values.Where(v => where is null || where(v)).ToArray())).QuickCheckThrowOnFailure();

    private static void AssertRoundTrip<T>(OrtElementType type, T[] values) where T : unmanaged
    {
        using var original = OrtTensor.Allocate(type, [values.Length]);
        values.CopyTo(original.Data<T>());
        using var read = Read(type, Encoding.UTF8.GetString(Write(original)), values.Length);
        Assert.Equal(values, read.Data<T>().ToArray());
    }

    private static OrtTensor Read(OrtElementType type, string json, params long[] shape)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        reader.Read();
        return TensorJsonReader.Read(ref reader, new OrtTensorInfo("x", type, shape), shape, (int)shape.Aggregate(1L, (a, b) => a * b));
    }

    private static byte[] Write(OrtTensor tensor)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            var writer = new TensorJsonWriter(OutputView.Of(tensor));
            for (var i = 0; i < writer.Count; i += 3)
            {
                writer.Write(json, i, Math.Min(3, writer.Count - i));
            }

            json.WriteEndArray();
        }

        return buffer.ToArray();
    }

    private static bool IsUnicode(string text)
    {
        try
        {
            new UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(text);
            return true;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }
}
