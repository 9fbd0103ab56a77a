using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Dashboard.Features.Targets.Pages;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.ComponentTests.Features.Targets;

public sealed class FollowedLogTests
{
    [Fact]
    public async Task Lines_AreShownAsTheyAreWritten()
    {
        using var context = new ControlsContext();
        var driver = new Streaming();
        var log = Render(context, driver);
        Assert.NotEmpty(log.FindAll(".skeleton"));

        driver.Lines.Writer.TryWrite("one");
        await UntilAsync(context, () => log.FindAll("li").Select(l => l.TextContent).SequenceEqual(["one"]));
        driver.Lines.Writer.TryWrite("two");

        await UntilAsync(context, () => log.FindAll("li").Select(l => l.TextContent).SequenceEqual(["one", "two"]));
    }

    [Fact]
    public async Task TargetThatRefuses_IsSaid_AndThePageCanBeLeft()
    {
        using var context = new ControlsContext();
        var log = Render(context, new Streaming { Refuses = new ClusterException(ClusterProblem.Forbidden, "The account of this target may not do this: get pods/log") });

        await UntilAsync(context, () => log.Markup.Contains("may not do this: get pods/log It is asked again by itself.", StringComparison.Ordinal));

        await log.Instance.DisposeAsync();
    }

    [Fact]
    public async Task Closed_TheStreamIsClosedToo()
    {
        using var context = new ControlsContext();
        var driver = new Streaming();
        var log = Render(context, driver);
        await UntilAsync(context, () => driver.Open == 1);

        await log.Instance.DisposeAsync();

        Assert.Equal(0, driver.Open);
    }

    [Fact]
    public void TargetWithoutADriver_IsSaid()
    {
        using var context = new ControlsContext();

        var log = Render(context, new Streaming(), kind: "other");

        Assert.Contains("no driver for other targets", log.Markup, StringComparison.Ordinal);
    }

    private static Task UntilAsync(ControlsContext context, Func<bool> holds) => context.Time.AdvanceUntilAsync(holds, TimeSpan.FromMilliseconds(50));

    private static IRenderedComponent<FollowedLog> Render(ControlsContext context, ITargetDriver driver, string kind = TargetKinds.Kubernetes)
    {
        context.Services.AddSingleton(new TargetDrivers([driver]));
        return context.Render<FollowedLog>(p => p
            .Add(l => l.TargetKind, kind)
            .Add(l => l.TargetId, Guid.NewGuid())
            .Add(l => l.EndpointId, Guid.NewGuid())
            .Add(l => l.Endpoint, "digits")
            .Add(l => l.ReplicaId, "a"));
    }

    private sealed class Streaming : ITargetDriver, ILogStream
    {
        private int open;

        public Channel<string> Lines { get; } = Channel.CreateUnbounded<string>();

        public int Open => Volatile.Read(ref open);

        public Exception? Refuses { get; init; }

        public string Kind => TargetKinds.Kubernetes;

        public async IAsyncEnumerable<string> FollowLogAsync(EndpointRef endpoint, string replicaId, int lines, Action opened, [EnumeratorCancellation] CancellationToken cancellation)
        {
            if (Refuses is not null)
            {
                throw Refuses;
            }

            Interlocked.Increment(ref open);
            try
            {
                await foreach (var line in Lines.Reader.ReadAllAsync(cancellation))
                {
                    yield return line;
                }
            }
            finally
            {
                Interlocked.Decrement(ref open);
            }
        }

        public Task<IReadOnlyList<string>> ReadLogAsync(EndpointRef endpoint, string replicaId, int lines, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<TargetInventory> GetInventoryAsync(Target target, CancellationToken cancellation) => throw new NotSupportedException();

        public Task ApplyAsync(EndpointRef endpoint, IReadOnlyList<RevisionSpec> revisions, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<EndpointObservation> ObserveAsync(EndpointRef endpoint, CancellationToken cancellation) => throw new NotSupportedException();
    }
}
