using Ops.Dashboard.Features.Targets.Local;

namespace Ops.Dashboard.Tests.Features.Targets.Local;

public sealed class BackOffTests
{
    [Fact]
    public void Next_EndsInARow_WaitsLongerUpToTheCap()
    {
        var backOff = new BackOff();

        var waits = Enumerable.Range(0, 9).Select(_ => backOff.Next(TimeSpan.Zero).TotalSeconds);

        Assert.Equal([0, 1, 2, 4, 8, 16, 30, 30, 30], waits);
    }

    [Fact]
    public void Next_AfterAMinuteOfHealth_StartsAtOnceAgain()
    {
        var backOff = new BackOff();
        for (var i = 0; i < 5; i++)
        {
            backOff.Next(TimeSpan.FromSeconds(59));
        }

        Assert.Equal(TimeSpan.Zero, backOff.Next(TimeSpan.FromSeconds(60)));
        Assert.Equal(TimeSpan.FromSeconds(1), backOff.Next(TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void Next_VeryMany_StaysAtTheCap()
    {
        var backOff = new BackOff();

        Assert.All(Enumerable.Range(0, 5000).Select(_ => backOff.Next(TimeSpan.Zero)), w => Assert.InRange(w, TimeSpan.Zero, TimeSpan.FromSeconds(30)));
    }
}
