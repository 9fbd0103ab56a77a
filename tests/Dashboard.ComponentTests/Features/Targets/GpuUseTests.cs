using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.Monitoring.Gpus;
using Ops.Dashboard.Features.Targets.Pages;

namespace Ops.Dashboard.ComponentTests.Features.Targets;

public sealed class GpuUseTests : IDisposable
{
    private readonly ControlsContext context = new();
    private readonly GpuSeries series = new();

    public GpuUseTests() => context.Services.AddSingleton(series);

    [Theory]
    [InlineData(false, "This target names none; an administrator adds it in the target's settings.")]
    [InlineData(true, "The Prometheus of this target has no series of NVIDIA's DCGM exporter for these nodes from the last minute.")]
    public void Use_NoFigures_SaysWhatIsMissing(bool isNamed, string expected)
    {
        Add("elsewhere", "0 A100", 0, 0.5f);
        Add("gpu-1", "0 A100", 61, 0.5f);

        var use = Render(isNamed);

        Assert.Empty(use.FindAll("table"));
        Assert.Contains(expected, use.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Use_InstancesOfOneGpu_AreRowsOfTheirOwn()
    {
        Add("gpu-1", "0 A100, 1g.5gb (instance 7)", 10, 0.25f);
        Add("gpu-1", "0 A100, 3g.20gb (instance 12)", 10, float.NaN);

        var rows = Render(isNamed: true).FindAll("tbody tr");

        Assert.Equal(["0 A100, 1g.5gb (instance 7)", "0 A100, 3g.20gb (instance 12)"], rows.Select(r => r.Children[1].TextContent).Order(StringComparer.Ordinal));
        Assert.Equal("25", rows.Single(r => r.TextContent.Contains("1g.5gb", StringComparison.Ordinal)).QuerySelector("[aria-label=Busy]")!.GetAttribute("aria-valuenow"));
        Assert.Equal("not told", rows.Single(r => r.TextContent.Contains("3g.20gb", StringComparison.Ordinal)).Children[2].TextContent);
    }

    public void Dispose() => context.Dispose();

    private IRenderedComponent<GpuUse> Render(bool isNamed) => context.Render<GpuUse>(p => p.Add(u => u.Nodes, ["gpu-1"]).Add(u => u.IsNamed, isNamed));

    private void Add(string node, string name, double secondsAgo, float busy) => series.For($"{node}/{name}", () => new(node, name, 1024, 10))
        .Add(new((context.Time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0) - secondsAgo, busy, 512));
}
