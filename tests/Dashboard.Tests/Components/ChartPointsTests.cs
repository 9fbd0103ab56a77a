using System.Runtime.InteropServices;
using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.Tests.Components;

public sealed class ChartPointsTests
{
    [Fact]
    public void Pack_TwoSeries_LaysColumnsOneAfterTheOther()
    {
        var packed = new ChartPoints([1, 2], [[10, double.NaN], [30, 40]]).Pack();

        Assert.Equal([1, 2, 10, double.NaN, 30, 40], MemoryMarshal.Cast<byte, double>(packed).ToArray());
    }

    [Fact]
    public void Pack_SeriesOfAnotherLength_Throws() =>
        Assert.Throws<InvalidOperationException>(() => new ChartPoints([1, 2], [[10]]).Pack());
}
