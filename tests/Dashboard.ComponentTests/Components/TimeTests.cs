using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.ComponentTests.Components;

public sealed class TimeTests
{
    [Fact]
    public void RelativeTime_AsTimePasses_CountsOn()
    {
        using var context = new ControlsContext();
        var time = context.Render<RelativeTime>(parameters => parameters.Add(control => control.Value, context.Time.GetUtcNow()));
        Assert.Equal("just now", time.Find("time").TextContent);
        Assert.Equal("2026-11-22 08:00:00 UTC", time.Find("time").GetAttribute("title"));

        context.Time.Advance(TimeSpan.FromSeconds(15));
        time.WaitForAssertion(() => Assert.Equal("15 s ago", time.Find("time").TextContent));
    }

    [Fact]
    public void RelativeTime_TextUnchanged_DoesNotRender()
    {
        using var context = new ControlsContext();
        var time = context.Render<RelativeTime>(parameters => parameters.Add(control => control.Value, context.Time.GetUtcNow().AddHours(-3)));
        var renders = time.RenderCount;

        for (var tick = 0; tick < 20; tick++)
        {
            context.Time.Advance(TimeSpan.FromSeconds(5));
        }

        Assert.Equal(renders, time.RenderCount);
    }

    [Fact]
    public async Task RelativeTime_Disposed_StopsTheClock()
    {
        await using var context = new ControlsContext();
        var ticker = context.Services.GetRequiredService<Ticker>();
        context.Render<RelativeTime>(parameters => parameters.Add(control => control.Value, context.Time.GetUtcNow()));
        context.Render<RelativeTime>(parameters => parameters.Add(control => control.Value, null));
        Assert.Equal(2, ticker.SubscriberCount);
        Assert.Equal(1, context.Time.ActiveTimers);

        await context.DisposeComponentsAsync();

        Assert.Equal(0, ticker.SubscriberCount);
        Assert.Equal(0, context.Time.ActiveTimers);
    }

    [Fact]
    public void RelativeTime_WithoutValue_SaysSo()
    {
        using var context = new ControlsContext();
        var time = context.Render<RelativeTime>(parameters => parameters.Add(control => control.Value, null).Add(control => control.Missing, "not yet"));
        Assert.Equal("not yet", time.Find("span").TextContent);
    }
}
