using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.Tests.Components;

public sealed class SparklinePathTests
{
    [Fact]
    public void Draw_TwoValues_SpansTheWidthWithinTheMargins()
    {
        var (line, area) = SparklinePath.Draw([0, 10], 96, 24);

        Assert.Equal("M0 22L96 2", line);
        Assert.Equal("M0 24L0 22L96 2L96 24L0 24Z", area);
    }

    [Fact]
    public void Draw_WithGap_InterruptsTheLine()
    {
        var (line, area) = SparklinePath.Draw([1, 1, null, double.NaN, 1, 1], 10, 10);

        Assert.Equal(2, line.Count(letter => letter == 'M'));
        Assert.Equal(2, area.Count(letter => letter == 'Z'));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Draw_FewerThanTwoValues_DrawsNothing(int count) =>
        Assert.Equal(("", ""), SparklinePath.Draw([.. Enumerable.Repeat<double?>(5, count)], 96, 24));

    [Fact]
    public void Draw_AllEqualToZero_StaysOnTheGround() => Assert.Equal("M0 22L96 22", SparklinePath.Draw([0, 0], 96, 24).Line);
}
