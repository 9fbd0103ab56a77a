using AngleSharp.Html.Dom;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.ComponentTests.Components;

public sealed class ConfirmHostTests
{
    private static IHtmlButtonElement ConfirmButton(IRenderedComponent<ConfirmHost> host) => (IHtmlButtonElement)host.Find("button[type=submit]");

    private static async Task<(IRenderedComponent<ConfirmHost> Host, Task<ConfirmationAnswer> Answer)> AskAsync(ControlsContext context, Confirmation confirmation)
    {
        var host = context.Render<ConfirmHost>();
        Task<ConfirmationAnswer>? answer = null;
        await host.InvokeAsync(() => { answer = context.Services.GetRequiredService<ConfirmService>().AskAsync(confirmation); });
        host.WaitForElement("form");
        return (host, answer!);
    }

    [Fact]
    public async Task Ask_PlainQuestion_ConfirmsAtOnce()
    {
        await using var context = new ControlsContext();
        var (host, answer) = await AskAsync(context, new("Pause?", "It stops where it is.", "Pause"));

        await host.Find("form").SubmitAsync();

        Assert.Equal(new ConfirmationAnswer(true), await answer);
        host.WaitForAssertion(() => Assert.Empty(host.FindAll("form")));
    }

    [Fact]
    public async Task Ask_TypeToConfirm_OnlyTheExactNameOpensTheButton()
    {
        await using var context = new ControlsContext();
        var (host, answer) = await AskAsync(context, new("Delete?", "Gone for good.", "Delete", Danger: true, TypeToConfirm: "digits-production"));

        Assert.True(ConfirmButton(host).IsDisabled);
        await host.Find("input").InputAsync("Digits-production");
        Assert.True(ConfirmButton(host).IsDisabled);
        await host.Find("form").SubmitAsync();
        Assert.False(answer.IsCompleted);

        await host.Find("input").InputAsync("digits-production");
        Assert.False(ConfirmButton(host).IsDisabled);
        await host.Find("form").SubmitAsync();
        Assert.True((await answer).Confirmed);
    }

    [Fact]
    public async Task Ask_ReasonRequired_BlanksAreNoReasonAndItComesBackTrimmed()
    {
        await using var context = new ControlsContext();
        var (host, answer) = await AskAsync(context, new("Reject?", "Anna will see why.", "Reject", ReasonRequired: true));

        await host.Find("textarea").InputAsync("   ");
        Assert.True(ConfirmButton(host).IsDisabled);
        await host.Find("textarea").InputAsync(" too slow ");
        await host.Find("form").SubmitAsync();

        Assert.Equal(new ConfirmationAnswer(true, "too slow"), await answer);
    }

    [Fact]
    public async Task Ask_CancelOrEscape_AnswersNo()
    {
        await using var context = new ControlsContext();
        var (host, first) = await AskAsync(context, new("Pause?", "It stops.", "Pause"));
        await host.Find("button[type=button]").ClickAsync();
        Assert.False((await first).Confirmed);

        var (again, second) = await AskAsync(context, new("Pause?", "It stops.", "Pause"));
        await again.Find("dialog").TriggerEventAsync("oncancel", EventArgs.Empty);
        Assert.False((await second).Confirmed);
    }

    [Fact]
    public async Task Ask_WhileAnotherIsOpen_WaitsAndStartsEmpty()
    {
        await using var context = new ControlsContext();
        var (host, first) = await AskAsync(context, new("First?", "Text.", "Yes", TypeToConfirm: "a"));
        await host.Find("input").InputAsync("a");
        Task<ConfirmationAnswer>? second = null;
        await host.InvokeAsync(() => { second = context.Services.GetRequiredService<ConfirmService>().AskAsync(new("Second?", "Text.", "Yes", TypeToConfirm: "a")); });
        Assert.Equal("First?", host.Find("h2").TextContent);

        await host.Find("form").SubmitAsync();

        Assert.True((await first).Confirmed);
        host.WaitForAssertion(() => Assert.Equal("Second?", host.Find("h2").TextContent));
        Assert.True(ConfirmButton(host).IsDisabled);
        Assert.False(second!.IsCompleted);
    }
}
