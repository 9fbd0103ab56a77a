using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Components.Layout;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Pages;
using Ops.Data.Targets;

namespace Ops.Dashboard.ComponentTests.Features.Targets;

public sealed class TargetPagesTests
{
    private const long GiB = 1024L * 1024 * 1024;

    [Fact]
    public async Task Targets_Published_AreRowsWithHealthAndLeaveNoSubscriber()
    {
        await using var context = NewContext();
        var feed = Feed(context);
        feed.Views.Publish(View("local", TargetEnvironment.Production, Machine()));
        feed.Views.Publish(View("lab", TargetEnvironment.Dev, Machine(), problem: "It did not answer within 5 s."));

        var page = context.Render<TargetsPage>();
        page.WaitForAssertion(() => Assert.Equal(["lab", "local"], page.FindAll("tbody a").Select(a => a.TextContent)));

        Assert.Contains("Down", page.FindAll("tbody tr")[0].TextContent, StringComparison.Ordinal);
        Assert.Contains("Healthy", page.FindAll("tbody tr")[1].TextContent, StringComparison.Ordinal);
        Assert.Equal(1, feed.Views.SubscriberCount);
        await context.DisposeComponentsAsync();
        Assert.Equal(0, feed.Views.SubscriberCount);
    }

    [Fact]
    public async Task Targets_EnvironmentInTheAddress_ShowsOnlyItsOwn()
    {
        await using var context = NewContext();
        var feed = Feed(context);
        feed.Views.Publish(View("local", TargetEnvironment.Production, Machine()));
        feed.Views.Publish(View("lab", TargetEnvironment.Dev, Machine()));
        context.Services.GetRequiredService<NavigationManager>().NavigateTo("/targets?env=dev");
        await context.Services.GetRequiredService<EnvironmentFilter>().StartAsync();

        var page = context.Render<TargetsPage>();

        page.WaitForAssertion(() => Assert.Equal(["lab"], page.FindAll("tbody a").Select(a => a.TextContent)));
    }

    [Fact]
    public void Node_WithoutGpu_SaysSoAndWhy()
    {
        using var context = NewContext();

        var row = context.Render<NodeRow>(p => p.Add(r => r.Node, Machine()));

        Assert.Contains("No GPU found", row.Markup, StringComparison.Ordinal);
        Assert.Contains("no driver here", row.Markup, StringComparison.Ordinal);
        Assert.Contains("1 of 2", row.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Node_WithGpusThatDoNotWork_SaysHowManyDo()
    {
        using var context = NewContext();
        var some = Machine() with { GpuPools = [new("nvidia.com/gpu", "H100", 80 * GiB, 6, 4) { Capacity = 8 }], PodsAllocatable = 110, Pods = 12 };

        var row = context.Render<NodeRow>(p => p.Add(r => r.Node, some));
        Assert.Contains("6 of 8 usable", row.Markup, StringComparison.Ordinal);
        Assert.Contains("2 of 6", row.Markup, StringComparison.Ordinal);
        Assert.Contains("12 of 110 pods", row.Markup, StringComparison.Ordinal);

        row = context.Render<NodeRow>(p => p.Add(r => r.Node, some with { GpuPools = [new("nvidia.com/gpu", "H100", null, 0, 0) { Capacity = 8 }], GpuNote = null }));
        Assert.Contains("0 of 8 usable", row.Markup, StringComparison.Ordinal);
        Assert.DoesNotContain("No GPU found", row.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Node_ConditionThatOnlyItsAgentKnows_IsShownWithoutAlarm()
    {
        using var context = NewContext();
        var row = context.Render<NodeRow>(p => p.Add(r => r.Node, Machine() with { Conditions = [new("Ready", true, "", "", null), new("KernelReady", true, "", "", null) { IsNote = true }, new("KernelDeadlock", false, "", "task blocked", null) { IsNote = true }] }));

        Assert.DoesNotContain("KernelReady", row.Markup, StringComparison.Ordinal);
        Assert.Contains("KernelDeadlock", row.Find("div[title='task blocked']").TextContent, StringComparison.Ordinal);
        Assert.Contains("neutral", row.Find("div[title='task blocked'] .badge").ClassName!, StringComparison.Ordinal);
    }

    [Fact]
    public void Nodes_ThatAreNotShown_SayWhy()
    {
        Assert.Contains("may not read nodes", NodeWords.None(new([], default) { Hidden = "The account of lab may not read nodes." }).Text, StringComparison.Ordinal);
        Assert.Contains("adds nodes", NodeWords.None(new([], default) { Placement = new() { AddsNodes = true } }).Text, StringComparison.Ordinal);
        Assert.Contains("is down", NodeWords.None(new([], default, "It did not answer.")).Text, StringComparison.Ordinal);
        Assert.Contains("certain labels", NodeWords.None(new([], default) { Placement = new() { NodeFilter = new Dictionary<string, string> { ["pool"] = "a" } } }).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Node_WithGpu_ShowsItsMemoryAndFigures()
    {
        using var context = NewContext();
        var node = Machine() with { Gpus = [new("0", "NVIDIA H200", 140 * GiB, 40 * GiB, 0.5, 61, 350)] };

        var row = context.Render<NodeRow>(p => p.Add(r => r.Node, node));

        Assert.Contains("NVIDIA H200", row.Markup, StringComparison.Ordinal);
        Assert.Contains("61 °C, 350 W", row.Markup, StringComparison.Ordinal);
        Assert.Contains("100 GiB of 140 GiB", row.Markup, StringComparison.Ordinal);
        Assert.DoesNotContain("No GPU found", row.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Health_DiskOrMemoryNearlyFull_IsAWarningThatNamesIt()
    {
        var disk = View("a", TargetEnvironment.Dev, Machine() with { Disks = [new("/data", "ext4", 100 * GiB, GiB)] }).Health();
        var memory = View("a", TargetEnvironment.Dev, Machine() with { MemoryFreeBytes = 0 }).Health();

        Assert.Equal((State.Warning, "Disk nearly full"), (disk.State, disk.Word));
        Assert.Contains("/data", disk.Why, StringComparison.Ordinal);
        Assert.Equal((State.Warning, "Short of memory"), (memory.State, memory.Word));
    }

    [Fact]
    public async Task Targets_ClusterDown_SaysSinceWhenAndHidesNothingElse()
    {
        await using var context = NewContext();
        var feed = Feed(context);
        feed.Views.Publish(View("local", TargetEnvironment.Production, Machine()));
        feed.Views.Publish(View("lab", TargetEnvironment.Dev, Machine()) with
        {
            Inventory = new([], TimeProvider.System.GetUtcNow(), "It did not answer within 5 s.") { Outage = new(TimeProvider.System.GetUtcNow().AddMinutes(-3), IsLonger: false) },
        });

        var page = context.Render<TargetsPage>();

        page.WaitForAssertion(() => Assert.Contains("since 3 min ago", page.FindAll("tbody tr")[0].TextContent, StringComparison.Ordinal));
        Assert.Contains("Healthy", page.FindAll("tbody tr")[1].TextContent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Targets_OnlyAdministrators_AreOfferedToAddACluster(bool isAdministrator)
    {
        await using var context = NewContext(isAdministrator ? [Right.View, Right.ManageTargets] : [Right.View]);
        Feed(context).Views.Publish(View("local", TargetEnvironment.Production, Machine()));

        var page = context.Render<TargetsPage>();

        page.WaitForAssertion(() => Assert.Single(page.FindAll("tbody tr")));
        Assert.Equal(isAdministrator, page.FindAll("a[href='/targets/new']").Count == 1);
    }

    private static BunitContext NewContext(params Right[] rights)
    {
        var context = new BunitContext();
        context.AddPerson(rights);
        context.JSInterop.Mode = JSRuntimeMode.Loose;
        context.Services.AddSingleton(TimeProvider.System);
        context.Services.AddSingleton<Ticker>();
        context.Services.AddScoped<EnvironmentFilter>();
        context.Services.AddSingleton(new TargetsFeed(null!, new TargetDrivers([]), new ObservedEndpoints(), TimeProvider.System, NullLogger<TargetsFeed>.Instance));
        return context;
    }

    private static TargetsFeed Feed(BunitContext context) => context.Services.GetRequiredService<TargetsFeed>();

    private static TargetView View(string name, TargetEnvironment environment, Node node, string? problem = null) => new()
    {
        Id = Guid.NewGuid(),
        Name = name,
        Kind = TargetKinds.Local,
        Environment = environment,
        Inventory = new([node], TimeProvider.System.GetUtcNow(), problem),
    };

    private static Node Machine() => new()
    {
        Name = "here",
        Architecture = "amd64",
        CpuCores = 2,
        CpuUse = 0.5,
        MemoryBytes = 4 * GiB,
        MemoryFreeBytes = 2 * GiB,
        GpuNote = "no driver here",
    };
}
