using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Components.Palette;

namespace Ops.Dashboard.ComponentTests.Components;

public sealed class CommandPaletteTests
{
    private sealed class Models : ICommandSource
    {
        public TaskCompletionSource? Blocked { get; set; }

        public bool Fails { get; set; }

        public string Asked { get; private set; } = "";

        public string Name => "Models";

        public async Task<IReadOnlyList<CommandItem>> SearchAsync(string query, CancellationToken cancellationToken)
        {
            var blocked = Blocked;
            Asked = query;
            if (Fails)
            {
                throw new InvalidOperationException("the registry is away");
            }

            if (blocked is not null)
            {
                await blocked.Task;
            }

            return [.. Enumerable.Range(1, 12).Select(number => new CommandItem($"{query}-{number}", "vision", IconName.Model, $"/models/{query}-{number}"))];
        }
    }

    private static (IRenderedComponent<CommandPalette> Palette, Models Source) Open(ControlsContext context, Models? source = null)
    {
        source ??= new Models();
        context.Services.AddScoped<ICommandSource>(_ => source);
        context.Services.AddScoped<ICommandSource, PageCommands>();
        var palette = context.Render<CommandPalette>();
        palette.Find("[data-palette-open]").Click();
        return (palette, source);
    }

    private static void Type(ControlsContext context, IRenderedComponent<CommandPalette> palette, string text)
    {
        palette.Find("[role=combobox]").Input(text);
        Until(() => context.Time.ActiveTimers == 1);
        context.Time.Advance(TimeSpan.FromMilliseconds(100));
    }

    private static void Until(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(10)));

    private static string Selected(IRenderedComponent<CommandPalette> palette)
    {
        var selected = palette.Find("[role=option][aria-selected=true]");
        Assert.Equal(selected.Id, palette.Find("[role=combobox]").GetAttribute("aria-activedescendant"));
        return selected.QuerySelector(".palette-item-title")!.TextContent;
    }

    [Fact]
    public async Task Open_ShowsSourcesInOrder_EachAtMostEight()
    {
        await using var context = new ControlsContext();
        var (palette, _) = Open(context);

        palette.WaitForAssertion(() => Assert.Equal(["Models", "Go to"], palette.FindAll("[role=group]").Select(group => group.GetAttribute("aria-label")!)));
        Assert.Equal(8, palette.FindAll("[role=group]")[0].QuerySelectorAll("[role=option]").Length);
    }

    [Fact]
    public async Task Keyboard_ArrowsGoRoundAndEnterOpens()
    {
        await using var context = new ControlsContext();
        var (palette, _) = Open(context);
        Type(context, palette, "upload");
        palette.WaitForAssertion(() => Assert.Equal(9, palette.FindAll("[role=option]").Count));
        Assert.Equal("upload-1", Selected(palette));

        await palette.Find("[role=combobox]").KeyDownAsync(new KeyboardEventArgs { Key = "ArrowUp" });
        Assert.Equal("Upload a model", Selected(palette));
        await palette.Find("[role=combobox]").KeyDownAsync(new KeyboardEventArgs { Key = "ArrowDown" });
        await palette.Find("[role=combobox]").KeyDownAsync(new KeyboardEventArgs { Key = "ArrowDown" });
        Assert.Equal("upload-2", Selected(palette));
        await palette.Find("[role=combobox]").KeyDownAsync(new KeyboardEventArgs { Key = "Enter" });

        Assert.EndsWith("/models/upload-2", context.Services.GetRequiredService<NavigationManager>().Uri, StringComparison.Ordinal);
        Assert.Empty(palette.FindAll("[role=combobox]"));
    }

    [Fact]
    public async Task Typing_WhileAnOlderSearchRuns_ShowsOnlyTheNewest()
    {
        await using var context = new ControlsContext();
        var (palette, source) = Open(context);
        palette.WaitForAssertion(() => Assert.NotEmpty(palette.FindAll("[role=option]")));
        source.Blocked = new TaskCompletionSource();
        Type(context, palette, "old");
        Until(() => source.Asked == "old");
        var old = source.Blocked;
        source.Blocked = null;
        Type(context, palette, "new");
        palette.WaitForAssertion(() => Assert.Equal("new-1", Selected(palette)));

        old.SetResult();
        await Task.Delay(50, Xunit.TestContext.Current.CancellationToken);

        Assert.Equal("new-1", Selected(palette));
    }

    [Fact]
    public async Task Source_ThatFails_CostsOnlyItsOwnResults()
    {
        await using var context = new ControlsContext();
        var (palette, _) = Open(context, new Models { Fails = true });

        palette.WaitForAssertion(() => Assert.Equal("Upload a model", Selected(palette)));
        Assert.Single(palette.FindAll("[role=group]"));
    }

    [Fact]
    public async Task Escape_Closes()
    {
        await using var context = new ControlsContext();
        var (palette, _) = Open(context);
        await palette.Find("[role=combobox]").KeyDownAsync(new KeyboardEventArgs { Key = "Escape" });
        Assert.Empty(palette.FindAll("[role=combobox]"));
    }
}
