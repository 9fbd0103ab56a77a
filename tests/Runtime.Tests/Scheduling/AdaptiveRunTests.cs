using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Scheduling;

namespace Ops.Runtime.Tests.Scheduling;

public sealed class AdaptiveRunTests
{
    [Fact]
    public async Task Run_AsManyAtATimeAsThreads_TakesOneThreadUntilThereAreFewer()
    {
        using var end = new SemaphoreSlim(0);
        using var begun = new SemaphoreSlim(0);
        var taken = new List<string>();
        var adaptive = new AdaptiveRun(Take("shared"), Take("one"), threads: 3);
        using var options = OrtRunOptions.Create();
        var runs = new List<Task>();
        for (var i = 0; i < 4; i++)
        {
            runs.Add(Task.Run(() => adaptive.Run(options, [], [])));
            Assert.True(await begun.WaitAsync(TimeSpan.FromSeconds(30)));
        }

        Assert.Equal(["shared", "shared", "one", "one"], taken);
        end.Release(runs.Count);
        await Task.WhenAll(runs);
        end.Release();
        adaptive.Run(options, [], []);
        Assert.Equal("shared", taken[^1]);

        EngineRun Take(string name) => (_, _, _) =>
        {
            lock (taken)
            {
                taken.Add(name);
            }

            begun.Release();
            end.Wait();
            return [];
        };
    }

    [Fact]
    public void Run_EngineFails_CountsTheRunAsOver()
    {
        var shared = 0;
        var adaptive = new AdaptiveRun((_, _, _) => { shared++; throw new InvalidOperationException(); }, (_, _, _) => [], threads: 2);
        using var options = OrtRunOptions.Create();
        for (var i = 0; i < 3; i++)
        {
            Assert.Throws<InvalidOperationException>(() => adaptive.Run(options, [], []));
        }

        Assert.Equal(3, shared);
    }
}
