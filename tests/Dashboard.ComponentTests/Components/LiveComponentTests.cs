using Bunit;
using Microsoft.AspNetCore.Components.Rendering;
using Ops.Dashboard.Components;
using Ops.Dashboard.Live;

namespace Ops.Dashboard.ComponentTests.Components;

public sealed class LiveComponentTests
{
    private static readonly SnapshotFeed<string> Feed = new(item => item.Split('=')[0], TimeProvider.System, new() { Interval = TimeSpan.Zero });

    private sealed class Names : LiveComponent
    {
        private readonly SortedDictionary<string, string> names = [];

        public static SnapshotFeed<string>? Source { get; set; }

        protected override void OnInitialized() => Watch(Source!, batch =>
        {
            foreach (var item in batch.Items)
            {
                names[item.Split('=')[0]] = item;
            }
        });

        protected override void BuildRenderTree(RenderTreeBuilder builder) => builder.AddContent(0, string.Join(' ', names.Values));
    }

    [Fact]
    public async Task Watch_RendersSnapshotAndChanges_AndLeavesNoSubscriber()
    {
        Names.Source = Feed;
        Feed.Publish("a=1");
        await using var context = new BunitContext();
        var names = context.Render<Names>();
        Assert.Equal(1, Feed.SubscriberCount);
        names.WaitForAssertion(() => Assert.Equal("a=1", names.Markup));

        Feed.Publish("b=2");
        names.WaitForAssertion(() => Assert.Equal("a=1 b=2", names.Markup));

        await context.DisposeComponentsAsync();
        Assert.Equal(0, Feed.SubscriberCount);
        Feed.Publish("c=3");
    }
}
