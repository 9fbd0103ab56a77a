using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.ComponentTests.Components;

public sealed class ToastTests
{
    [Fact]
    public void Show_AfterItsTime_LeavesUnlessCritical()
    {
        using var context = new ControlsContext();
        var region = context.Render<ToastRegion>();
        var service = context.Services.GetRequiredService<ToastService>();
        service.Done("Saved.");
        service.Failed("The node refused.");
        region.WaitForAssertion(() => Assert.Equal(2, region.FindAll(".toast").Count));

        context.Time.Advance(TimeSpan.FromSeconds(30));

        region.WaitForAssertion(() => Assert.Equal("The node refused.", Assert.Single(region.FindAll(".toast-text")).TextContent));
    }

    [Fact]
    public void Undo_Pressed_RunsOnceAndTakesTheToastAway()
    {
        using var context = new ControlsContext();
        var region = context.Render<ToastRegion>();
        var undone = 0;
        context.Services.GetRequiredService<ToastService>().Done("Archived.", () => { undone++; return Task.CompletedTask; });
        region.WaitForElement("button.button:not(.button-icon)").Click();

        Assert.Equal(1, undone);
        region.WaitForAssertion(() => Assert.Empty(region.FindAll(".toast")));
    }

    [Fact]
    public void Show_More_KeepsTheNewestFive()
    {
        using var context = new ControlsContext();
        var service = context.Services.GetRequiredService<ToastService>();
        for (var number = 1; number <= 9; number++)
        {
            service.Failed($"Failure {number}");
        }

        Assert.Equal(["Failure 5", "Failure 6", "Failure 7", "Failure 8", "Failure 9"], service.Current.Select(toast => toast.Text));
    }
}
