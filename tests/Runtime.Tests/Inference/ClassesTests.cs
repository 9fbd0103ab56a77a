using System.Text;
using Ops.Runtime.Inference;
using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Inference;

public sealed class ClassesTests : IDisposable
{
    private readonly TestFolder folder = new();

    [Fact]
    public void Of_OneRow_IsHighestFirst() => Assert.Equal(["10:2", "5:1"], Texts(Of([4], [1, 5, 10, 4], 2, null), [2]));

    [Fact]
    public void Of_Batch_ClassifiesEachRow() =>
        Assert.Equal(["2:1:b", "1:0:a", "9:0:a", "3:2"], Texts(Of([2, 3], [1, 2, 0, 9, -1, 3], 2, ["a", "b"]), [2, 2]));

    [Fact]
    public void Of_HigherRank_FlattensTheRow() => Assert.Equal(["4:3", "8:3"], Texts(Of([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8], 1, null), [2, 1]));

    [Fact]
    public void Of_MoreThanThereAre_GivesAll() => Assert.Equal(["2:1", "1:0"], Texts(Of([2], [1, 2], int.MaxValue, null), [2]));

    [Fact]
    public void Of_EqualValues_PutsTheLowerIndexFirst() => Assert.Equal(["1:0", "1:1"], Texts(Of([3], [1, 1, 1], 2, null), [2]));

    [Fact]
    public void Of_NaN_ComesLast() => Assert.Equal(["0.5:2", "-Infinity:1", "NaN:0"], Texts(Of([3], [float.NaN, float.NegativeInfinity, 0.5f], 3, null), [3]));

    [Fact]
    public void Of_Scalar_IsOneClass() => Assert.Equal(["7:0"], Texts(Of([], [7], 3, null), [1]));

    [Fact]
    public void Of_EmptyBatch_IsEmpty() => Assert.Empty(Texts(Of([0, 3], [], 2, null), [0, 2]));

    [Fact]
    public async Task Infer_EveryNumberType_IsClassified()
    {
        var numbers = EveryType.All.Where(t => t.Name is not ("BYTES" or "BOOL")).ToArray();
        await using var server = await TestServer.StartAsync([EveryType.Model(folder)]);
        var outputs = string.Join(',', numbers.Select(t => $"{{\"name\":\"{t.Output}\",\"parameters\":{{\"classification\":1}}}}"));
        var inputs = string.Join(',', EveryType.All.Select(t => $"{{\"name\":\"{t.Input}\",\"datatype\":\"{t.Name}\",\"shape\":[1,4],\"data\":{t.Json}}}"));
        var (status, body) = await server.PostAsync("/v2/models/types/infer", $"{{\"inputs\":[{inputs}],\"outputs\":[{outputs}]}}");
        Assert.Equal(200, status);
        var found = body.GetProperty("outputs").EnumerateArray().ToDictionary(o => o.GetProperty("name").GetString()!, o => o.GetProperty("data")[0].GetString());
        Assert.All(body.GetProperty("outputs").EnumerateArray(), o => Assert.Equal(("BYTES", "[1,1]"), (o.GetProperty("datatype").GetString(), o.GetProperty("shape").GetRawText())));
        Assert.Equal(
            "1.5:0 255:1 127:1 65535:1 32767:1 2147483647:1 9223372036854775807:1 1:3 3:3 4294967295:1 18446744073709551615:1 1:3",
            string.Join(' ', numbers.Select(t => found[t.Output])));
    }

    [Fact]
    public async Task Infer_ClassesInBinary_AreStrings()
    {
        await using var server = await TestServer.StartAsync([EveryType.Made(folder, "echo", OnnxBuilder.Identity(("a", 1, 1)))]);
        var answer = await server.PostBinaryAsync(
            "/v2/models/echo/infer",
            $"{{\"inputs\":[{BinaryRequest.Input("a", "FP32", "[4]", 16)}],\"outputs\":[{{\"name\":\"out_a\",\"parameters\":{{\"binary_data\":true,\"classification\":2}}}}]}}",
            BinaryRequest.Bytes(1.1f, 3.3f, 0.5f, 2.4f));
        Assert.Equal(200, answer.Status);
        Assert.Equal(["3.3:1", "2.4:3"], answer.Strings("out_a").Select(Encoding.UTF8.GetString));
    }

    [Theory]
    [InlineData("out_bool", "2", "holds no numbers")]
    [InlineData("out_bytes", "2", "holds no numbers")]
    [InlineData("out_fp32", "-1", "whole number")]
    [InlineData("out_fp32", "1.5", "whole number")]
    [InlineData("out_fp32", "\"2\"", "whole number")]
    [InlineData("out_fp32", "true", "whole number")]
    public async Task Infer_ClassesThatCannotBe_AreRefused(string output, string count, string reason)
    {
        await using var server = await TestServer.StartAsync([EveryType.Model(folder)]);
        var (status, body) = await server.PostAsync("/v2/models/types/infer", $"{{\"inputs\":[],\"outputs\":[{{\"name\":\"{output}\",\"parameters\":{{\"classification\":{count}}}}}]}}");
        Assert.Equal(400, status);
        Assert.Contains(reason, body.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private static OrtTensor Of(long[] shape, float[] values, int count, string[]? labels)
    {
        using var tensor = OrtTensor.Allocate(OrtElementType.Float32, shape);
        values.CopyTo(tensor.Data<float>());
        return Classes.Of(OutputView.Of(tensor), count, labels);
    }

    private static string[] Texts(OrtTensor tensor, long[] shape)
    {
        using (tensor)
        {
            Assert.Equal(shape, tensor.Shape);
            var bytes = tensor.StringBytes(out var offsets);
            return [.. offsets.Select((o, i) => Encoding.UTF8.GetString(bytes[(int)o..(i + 1 < offsets.Length ? (int)offsets[i + 1] : bytes.Length)]))];
        }
    }
}
