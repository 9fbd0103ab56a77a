using Ops.Runtime.Scheduling;

namespace Ops.Runtime.Tests.Scheduling;

public sealed class RunPaceTests
{
    [Fact]
    public void IsQuick_OnlyAfterAModelHasShownIt()
    {
        var pace = new RunPace();
        for (var i = 0; i < RunPace.Shown; i++)
        {
            Assert.False(pace.IsQuick);
            pace.Observe(TimeSpan.FromMicroseconds(999));
        }

        Assert.True(pace.IsQuick);
    }

    [Fact]
    public void IsQuick_OneLongRunIsForgivenASeriesIsNot()
    {
        var pace = new RunPace();
        for (var i = 0; i < 10_000; i++)
        {
            pace.Observe(TimeSpan.Zero);
        }

        pace.Observe(TimeSpan.FromMilliseconds(1));
        Assert.True(pace.IsQuick);
        for (var i = 0; i < 3; i++)
        {
            pace.Observe(TimeSpan.FromSeconds(1));
        }

        Assert.False(pace.IsQuick);
    }
}
