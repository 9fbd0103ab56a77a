using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Commands;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.ModelStore.Integrity;
using Ops.Data.Registry;

namespace Ops.Dashboard.ComponentTests.Features.Registry;

public sealed class VerifyPanelTests
{
    private readonly Guid version = Guid.NewGuid();

    [Fact]
    public async Task Render_WhileBytesAreRead_ShowsHowFarAndTellsThePageAtTheEnd()
    {
        await using var context = Context(Right.ManageModels);
        var board = context.Services.GetRequiredService<IntegrityBoard>();
        var ended = 0;
        var panel = Render(context, requested: null, () => ended++);
        Assert.Equal("Verify now", panel.Find("button").TextContent.Trim());

        board.Report(new(version, 512, 2048, null));
        context.Time.Advance(TimeSpan.FromSeconds(1));
        panel.WaitForAssertion(() => Assert.Equal("25", panel.Find("[role=meter]").GetAttribute("aria-valuenow")));
        Assert.True(panel.Find("button").HasAttribute("disabled"));

        board.End(version);
        context.Time.Advance(TimeSpan.FromSeconds(1));
        panel.WaitForAssertion(() => Assert.Equal(1, ended));
        await panel.Instance.DisposeAsync();
        Assert.Equal(0, board.Progress.SubscriberCount);
    }

    [Fact]
    public async Task Render_Asked_OffersToCancelAndSaysWhatIsInTheWay()
    {
        await using var context = Context(Right.ManageModels);
        context.Services.GetRequiredService<IntegrityBoard>().Report(new(version, 0, 0, "The store cannot be read right now."));

        var panel = Render(context, context.Time.GetUtcNow(), () => { });

        panel.WaitForAssertion(() => Assert.Contains("cannot be read", panel.Find(".notice").TextContent, StringComparison.Ordinal));
        Assert.Equal("Cancel verification", panel.Find("button").TextContent.Trim());
    }

    [Fact]
    public async Task Render_Viewer_HasNoButton()
    {
        await using var context = Context();

        Assert.Empty(Render(context, null, () => { }).FindAll("button"));
    }

    private static ControlsContext Context(params Right[] rights)
    {
        var context = new ControlsContext();
        context.Services.AddSingleton<IntegrityBoard>();
        context.AddPerson(rights);
        return context;
    }

    private IRenderedComponent<VerifyPanel> Render(ControlsContext context, DateTimeOffset? requested, Action ended) => context.Render<VerifyPanel>(p => p
        .Add(v => v.VersionId, version)
        .Add(v => v.Is, VersionState.Ready)
        .Add(v => v.LastVerifiedAt, context.Time.GetUtcNow())
        .Add(v => v.RequestedAt, requested)
        .Add(v => v.OnEnded, ended));
}
