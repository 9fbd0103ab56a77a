using AngleSharp.Dom;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.ComponentTests.Components;

public sealed class NavigationControlsTests
{
    private static readonly TabItem[] Items = [new("overview", "Overview"), new("metrics", "Metrics"), new("history", "History", 1284)];

    [Fact]
    public void Tabs_WithActive_MarksItAndKeepsTheRestOfTheAddress()
    {
        using var context = new ControlsContext();
        context.Services.GetRequiredService<NavigationManager>().NavigateTo("/endpoints/digits?env=dev&tab=metrics");
        var tabs = context.Render<Tabs>(parameters => parameters.Add(control => control.Items, Items).Add(control => control.Label, "Endpoint").Add(control => control.Active, "metrics"));

        Assert.Equal("Metrics", tabs.Find("[aria-current=page]").TextContent.Trim());
        Assert.Equal(
            ["/endpoints/digits?env=dev", "/endpoints/digits?env=dev&tab=metrics", "/endpoints/digits?env=dev&tab=history"],
            tabs.FindAll("a").Select(link => new Uri(link.GetAttribute("href")!).PathAndQuery));
        Assert.Contains("1,284", tabs.FindAll("a")[2].TextContent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("nonsense")]
    public void Tabs_WithoutAKnownOne_OpensTheFirst(string? active)
    {
        using var context = new ControlsContext();
        var tabs = context.Render<Tabs>(parameters => parameters.Add(control => control.Items, Items).Add(control => control.Label, "Endpoint").Add(control => control.Active, active));
        Assert.Equal("Overview", Assert.Single(tabs.FindAll("[aria-current=page]")).TextContent.Trim());
    }

    [Fact]
    public void Pager_OnTheFirstPage_LeadsOnlyForward()
    {
        using var context = new ControlsContext();
        var pager = context.Render<Pager>(parameters => parameters.Add(control => control.PreviousHref, null).Add(control => control.NextHref, "/models?after=x"));

        Assert.True(pager.Find("button").HasAttribute("disabled"));
        Assert.Equal("/models?after=x", pager.Find("a[rel=next]").GetAttribute("href"));
        Assert.Empty(pager.FindAll("a[rel=prev]"));
    }

    [Fact]
    public void SearchBox_Typing_WritesTheAddressOnceAfterThePause()
    {
        using var context = new ControlsContext();
        var navigation = context.Services.GetRequiredService<NavigationManager>();
        navigation.NavigateTo("/models?after=abc&owner=risk");
        var moves = new List<string>();
        navigation.LocationChanged += (_, change) => moves.Add(new Uri(change.Location).PathAndQuery);
        var search = context.Render<SearchBox>(parameters => parameters.Add(control => control.Label, "Search models").Add(control => control.Value, null));

        search.Find("input").Input("di");
        context.Time.Advance(TimeSpan.FromMilliseconds(200));
        search.Find("input").Input("digits ");
        context.Time.Advance(TimeSpan.FromMilliseconds(200));
        Assert.Empty(moves);
        context.Time.Advance(TimeSpan.FromMilliseconds(100));

        search.WaitForAssertion(() => Assert.Equal(["/models?owner=risk&q=digits"], moves));
    }

    [Fact]
    public void SearchBox_AddressChangesElsewhere_ShowsIt()
    {
        using var context = new ControlsContext();
        var search = context.Render<SearchBox>(parameters => parameters.Add(control => control.Label, "Search models").Add(control => control.Value, "one"));
        search.Render(parameters => parameters.Add(control => control.Value, "two"));
        Assert.Equal("two", search.Find("input").GetAttribute("value"));
    }

    [Fact]
    public void Field_WithErrorAndHelp_TiesThemToTheInput()
    {
        using var context = new ControlsContext();
        var field = context.Render<Field>(parameters => parameters
            .Add(control => control.Label, "Replicas").Add(control => control.Help, "How many").Add(control => control.Error, "Too many")
            .Add(control => control.ChildContent, attributes => builder =>
            {
                builder.OpenElement(0, "input");
                builder.AddMultipleAttributes(1, attributes);
                builder.CloseElement();
            }));

        var input = field.Find("input");
        Assert.Equal(field.Find("label").GetAttribute("for"), input.Id);
        Assert.Equal("true", input.GetAttribute("aria-invalid"));
        var described = input.GetAttribute("aria-describedby")!.Split(' ').Select(id => field.Find("#" + id).TextContent).ToList();
        Assert.Equal(["Too many", "How many"], described);
    }
}
