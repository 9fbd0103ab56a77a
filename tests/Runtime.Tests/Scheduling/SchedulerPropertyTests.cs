using FsCheck;
using FsCheck.Fluent;
using Ops.Runtime.Inference;
using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Scheduling;

namespace Ops.Runtime.Tests.Scheduling;

/// <summary>Lets many clients come at once, each with its own wishes, over real threads.</summary>
public sealed class SchedulerPropertyTests
{
    private static readonly Gen<Client> Clients =
        from rows in Gen.Choose(0, 5)
        from width in Gen.Choose(1, 2)
        from priority in Gen.Choose(0, 3)
        from fate in Gen.Frequency((8, Gen.Constant(Fate.Patient)), (1, Gen.Constant(Fate.Leaves)), (1, Gen.Constant(Fate.Poisoned)), (1, Gen.Constant(Fate.Impatient)))
        select new Client(rows, width, (uint)priority, fate);

    private static readonly Gen<Crowd> Crowds =
        from clients in Clients.ListOf(40)
        from instances in Gen.Choose(1, 3)
        from maxBatchSize in Gen.Choose(1, 8)
        from limit in Gen.Choose(5, 60)
        select new Crowd([.. clients], instances, maxBatchSize, limit);

    [Fact]
    public void RunAsync_AnyCrowd_EveryoneGetsExactlyOneAnswerAndTheRightOne() =>
        Prop.ForAll(Crowds.ToArbitrary(), crowd => PlayAsync(crowd).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(60));

    private static async Task PlayAsync(Crowd crowd)
    {
        var policy = crowd.MaxBatchSize > 1 ? SchedulerBench.Merging(crowd.MaxBatchSize) : SchedulerBench.Alone;
        using var bench = new SchedulerBench(policy, crowd.Instances, crowd.Limit);
        var answers = await Task.WhenAll(crowd.Clients.Select((client, i) => Task.Run(() => AskAsync(bench, client, (i + 1) * 10))));
        Assert.Equal(crowd.Clients.Length, answers.Sum());
        Assert.Equal(0, bench.Scheduler.Waiting);
        Assert.All(bench.Engine.Runs, run => Assert.True(run.Length <= Math.Max(crowd.MaxBatchSize, 5)));
        // All slots came back: as many runs as there are instances find one at once.
        var running = new List<Task<InferResult>>();
        for (var i = 0; i < crowd.Instances; i++)
        {
            running.Add(await bench.OccupyAsync());
        }

        Assert.Equal(0, bench.Scheduler.Waiting);
        running.ForEach(_ => bench.Engine.Release());
        Assert.All(await Task.WhenAll(running), r => r.Dispose());
    }

    /// <returns>1 when the client got an answer that it could have expected.</returns>
    private static async Task<int> AskAsync(SchedulerBench bench, Client client, float value)
    {
        var rows = Enumerable.Range(0, client.Rows).Select(r => client.Fate == Fate.Poisoned ? FakeEngine.Poison : value + r).ToArray();
        using var abort = new CancellationTokenSource();
        var request = FakeEngine.Request(rows, client.Width, client.Priority, client.Fate == Fate.Impatient ? TimeSpan.FromTicks(1) : null);
        try
        {
            var task = bench.Enter(request, abort.Token);
            if (client.Fate == Fate.Leaves)
            {
                await abort.CancelAsync();
            }

            if (client.Fate == Fate.Impatient)
            {
                bench.Time.Advance(TimeSpan.FromMilliseconds(1));
            }

            using var result = await task;
            Assert.True(client.Fate != Fate.Poisoned || client.Rows == 0);
            Assert.Equal(rows.SelectMany(v => Enumerable.Repeat(v * 2, client.Width)), result.Outputs[0].Data<float>().ToArray());
            Assert.Equal([client.Rows, client.Width], result.Outputs[0].Shape);
        }
        catch (OperationCanceledException)
        {
            Assert.Equal(Fate.Leaves, client.Fate);
        }
        catch (OrtException)
        {
            Assert.Equal(Fate.Poisoned, client.Fate);
        }
        catch (ProtocolException refusal)
        {
            Assert.Equal(503, refusal.Status);
            Assert.True(client.Fate == Fate.Impatient || refusal.Message.StartsWith("Too many", StringComparison.Ordinal));
        }

        return 1;
    }

    private enum Fate
    {
        Patient,
        Leaves,
        Poisoned,
        Impatient,
    }

    private sealed record Client(int Rows, int Width, uint Priority, Fate Fate);

    private sealed record Crowd(Client[] Clients, int Instances, int MaxBatchSize, int Limit);
}
