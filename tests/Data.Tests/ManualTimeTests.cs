using Ops.Testing;

namespace Ops.Data.Tests;

public sealed class ManualTimeTests
{
    private readonly ManualTime time = new();

    [Fact]
    public void Advance_TimersFireInOrderAtTheirMoments()
    {
        var start = time.GetUtcNow();
        var fired = new List<(string Name, TimeSpan At)>();
        using var late = time.CreateTimer(_ => fired.Add(("late", time.GetUtcNow() - start)), null, TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);
        using var often = time.CreateTimer(_ => fired.Add(("often", time.GetUtcNow() - start)), null, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));

        time.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal(
            [("often", TimeSpan.FromSeconds(2)), ("often", TimeSpan.FromSeconds(4)), ("late", TimeSpan.FromSeconds(5)), ("often", TimeSpan.FromSeconds(6))],
            fired);
        Assert.Equal(start.AddSeconds(6), time.GetUtcNow());
        Assert.Equal(1, time.ActiveTimers);
    }

    [Fact]
    public async Task Delay_EndsWhenTimePassed_NotBefore()
    {
        var delay = Task.Delay(TimeSpan.FromMinutes(1), time, TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(delay.IsCompleted);

        time.Advance(TimeSpan.FromSeconds(1));

        await delay.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal(0, time.ActiveTimers);
    }

    [Fact]
    public void CancelAfter_OfTheSameClock_Works()
    {
        using var source = new CancellationTokenSource(TimeSpan.FromSeconds(30), time);
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(source.IsCancellationRequested);
    }

    [Fact]
    public async Task PeriodicTimer_TicksOncePerPeriod()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        var tick = timer.WaitForNextTickAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.False(tick.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await tick.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Timer_MadeByATimer_FiresInTheSameAdvanceWhenDue()
    {
        var fired = 0;
        using var outer = time.CreateTimer(
            _ => time.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1, fired);
    }

    [Fact]
    public void Dispose_BeforeItFalls_NeverFires()
    {
        var fired = 0;
        time.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan).Dispose();
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, fired);
    }

    [Fact]
    public void JumpTo_MovesTheWallClockOnly()
    {
        var fired = 0;
        using var timer = time.CreateTimer(_ => fired++, null, TimeSpan.FromMinutes(1), Timeout.InfiniteTimeSpan);
        var started = time.GetTimestamp();

        time.JumpTo(time.GetUtcNow().AddHours(-1));
        time.JumpTo(time.GetUtcNow().AddHours(5));

        Assert.Equal((0, TimeSpan.Zero), (fired, time.GetElapsedTime(started)));
    }

    [Fact]
    public async Task AdvanceUntilAsync_TheConditionNeverHolds_SaysSo() =>
        await Assert.ThrowsAsync<TimeoutException>(() => time.AdvanceUntilAsync(() => time.GetUtcNow() == default, TimeSpan.FromTicks(1), TimeSpan.FromMilliseconds(50)));
}
