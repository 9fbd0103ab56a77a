using Bunit;

namespace Ops.Dashboard.ComponentTests;

public sealed class SmokeTests
{
    [Fact]
    public void Render_RadzenBadge_ShowsItsText()
    {
        using var context = new BunitContext();
        var badge = context.Render<Radzen.Blazor.RadzenBadge>(parameters => parameters.Add(b => b.Text, "ready"));
        Assert.Contains("ready", badge.Markup, StringComparison.Ordinal);
    }
}
