using System.Collections.Concurrent;
using Ops.Dashboard.Features.Rollouts.Execution;

namespace Ops.Dashboard.Tests.Features.Rollouts.Execution;

/// <summary>What a target that does not answer does to the others.</summary>
public sealed class TargetLanesTests
{
    private const int Width = 2;
    private readonly ConcurrentQueue<Guid> begun = new();
    private readonly TargetLanes lanes = new(null!, Width);
    private readonly Guid[] hung = [.. Enumerable.Range(0, 10).Select(_ => Guid.NewGuid())];
    private readonly Guid[] well = [.. Enumerable.Range(0, 10).Select(_ => Guid.NewGuid())];

    [Fact]
    public async Task Run_OneTargetHangs_AllEndpointsOfTheOtherAreLookedAt()
    {
        using ReconcileQueue queue = new(TimeProvider.System);
        using CancellationTokenSource stopping = new();
        var running = Start(queue, stopping.Token);

        await UntilAsync(() => well.All(begun.Contains));

        Assert.Equal(Width, begun.Intersect(hung).Count());
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task Run_EndpointThatWaitsForItsLane_IsLookedAtOnceHoweverOftenItIsAdded()
    {
        using ReconcileQueue queue = new(TimeProvider.System);
        using CancellationTokenSource stopping = new();
        TaskCompletionSource free = new();
        var running = Start(queue, stopping.Token, free.Task);
        await UntilAsync(() => well.All(begun.Contains));
        foreach (var endpoint in Enumerable.Repeat(hung, 5).SelectMany(e => e).Except(begun))
        {
            queue.Enqueue(endpoint);
        }

        free.SetResult();
        await UntilAsync(() => hung.All(begun.Contains));
        await Task.Delay(100);

        Assert.Equal(hung.Length, begun.Count(hung.Contains));
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            await Task.Delay(5, patience.Token);
        }
    }

    // The hung ones come first, so that they have every chance to be in the way.
    private Task Start(ReconcileQueue queue, CancellationToken stopping, Task? until = null)
    {
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        foreach (var endpoint in hung.Concat(well))
        {
            lanes.Know(endpoint, hung.Contains(endpoint) ? first : second);
            queue.Enqueue(endpoint);
        }

        return lanes.RunAsync(
            queue,
            async (endpoint, token) =>
            {
                begun.Enqueue(endpoint);
                if (hung.Contains(endpoint))
                {
                    await (until ?? Task.Delay(Timeout.InfiniteTimeSpan, token)).WaitAsync(token);
                }
            },
            stopping);
    }
}
