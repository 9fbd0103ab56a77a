using Ops.Runtime.Inference;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Tests.Inference;

public sealed class OutputViewTests
{
    [Fact]
    public void Rows_OfAMatrix_ShowTheirElementsAndShape()
    {
        using var tensor = Counting(4, 3);
        var view = OutputView.Rows(tensor, 1, 2);
        Assert.Equal([2, 3], view.Shape);
        Assert.Equal(6, view.ElementCount);
        Assert.Equal([3f, 4, 5, 6, 7, 8], view.Data<float>().ToArray());
        Assert.Equal(24, view.Data<byte>().Length);
        Assert.Equal([4, 3], tensor.Shape);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, -1)]
    [InlineData(0, 5)]
    [InlineData(3, 2)]
    public void Rows_OutsideTheTensor_AreRefused(long first, long rows)
    {
        using var tensor = Counting(4, 3);
        Assert.Throws<ArgumentOutOfRangeException>(() => OutputView.Rows(tensor, first, rows));
    }

    [Fact]
    public void Rows_NoneOfAnEmptyTensor_AreEmpty()
    {
        using var tensor = OrtTensor.Allocate(OrtElementType.Int64, [0, 3]);
        var view = OutputView.Rows(tensor, 0, 0);
        Assert.Equal([0, 3], view.Shape);
        Assert.True(view.Data<long>().IsEmpty);
    }

    [Fact]
    public void Of_Strings_ShowsThem()
    {
        using var tensor = OrtTensor.FromStrings([2], ["ab\0"u8.ToArray(), "c\0"u8.ToArray()]);
        Assert.Equal("abc"u8.ToArray(), OutputView.Of(tensor).StringBytes(out var offsets));
        Assert.Equal([(nuint)0, (nuint)2], offsets);
    }

    [Fact]
    public void Dispose_OfOneOfTwoResults_KeepsTheMemoryForTheOther()
    {
        var tensor = Counting(2, 2);
        var owner = new SharedTensors([tensor], 2);
        using var first = new InferResult([OutputView.Rows(tensor, 0, 1)], owner);
        using var second = new InferResult([OutputView.Rows(tensor, 1, 1)], owner);
        first.Dispose();
        first.Dispose();
        Assert.Equal([2f, 3], second.Outputs[0].Data<float>().ToArray());
        second.Dispose();
        Assert.Throws<ObjectDisposedException>(() => second.Outputs[0].Data<float>().Length);
    }

    private static OrtTensor Counting(long rows, long columns)
    {
        var tensor = OrtTensor.Allocate(OrtElementType.Float32, [rows, columns]);
        var data = tensor.Data<float>();
        for (var i = 0; i < data.Length; i++)
        {
            data[i] = i;
        }

        return tensor;
    }
}
