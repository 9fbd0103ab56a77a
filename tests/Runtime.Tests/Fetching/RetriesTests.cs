using Ops.Runtime.Fetching;

namespace Ops.Runtime.Tests.Fetching;

public sealed class RetriesTests
{
    [Fact]
    public void Next_NothingComes_WaitsLongerEachTimeAndThenGivesUp()
    {
        var retries = new Retries();
        for (var i = 0; i < Retries.Attempts - 1; i++)
        {
            Assert.InRange(retries.Next(0, null)!.Value.TotalSeconds, Math.Pow(2, i) / 2, Math.Pow(2, i));
        }

        Assert.Null(retries.Next(0, null));
    }

    [Fact]
    public void Next_EachAttemptBringsMuch_NeverGivesUp()
    {
        var retries = new Retries();
        for (var i = 1L; i < 100; i++)
        {
            Assert.InRange(retries.Next(i << 20, null)!.Value.TotalSeconds, 0.5, 1);
        }
    }

    [Fact]
    public void Next_EachAttemptBringsALittle_GivesUp()
    {
        var retries = new Retries();
        Assert.Equal(Retries.Attempts - 1, Enumerable.Range(1, 100).TakeWhile(i => retries.Next(i * 1000, null) is not null).Count());
    }

    [Theory]
    [InlineData(60, 60.0)]
    [InlineData(300, 300.0)]
    [InlineData(301, null)]
    public void Next_SourceAsksToWait_WaitsUnlessThatIsTooLong(int asked, double? wait) =>
        Assert.Equal(wait, new Retries().Next(0, TimeSpan.FromSeconds(asked))?.TotalSeconds);

    [Fact]
    public void Next_SourceAsksForAPastMoment_WaitsAsAlways() => Assert.InRange(new Retries().Next(0, TimeSpan.FromSeconds(-60))!.Value.TotalSeconds, 0.5, 1);
}
