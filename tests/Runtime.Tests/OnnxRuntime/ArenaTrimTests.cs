using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Tests.OnnxRuntime;

public sealed class ArenaTrimTests
{
    private const long Large = 64 * 1024 * 1024;

    private readonly ArenaTrim trim = new();

    [Fact]
    public void Next_SteadyLoadOfAnySize_NeverTrims()
    {
        Assert.DoesNotContain(true, Enumerable.Range(0, 100).Select(_ => trim.Next(100)));
        Assert.DoesNotContain(true, Enumerable.Range(0, 100).Select(_ => trim.Next(Large)));
    }

    [Fact]
    public void Next_SeriesOfSmallRunsAfterASpike_TrimsOnce()
    {
        trim.Next(Large);
        var trims = Enumerable.Range(1, 100).Where(_ => trim.Next(2 * 1024 * 1024)).Count();
        Assert.Equal(1, trims);
    }

    [Fact]
    public void Next_AlternatingSizes_NeverTrims() =>
        Assert.DoesNotContain(true, Enumerable.Range(0, 100).Select(i => trim.Next(i % 2 == 0 ? Large : 100)));
}
