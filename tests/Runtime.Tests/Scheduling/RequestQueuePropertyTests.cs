using FsCheck;
using FsCheck.Fluent;
using Ops.Runtime.Inference;
using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Scheduling;

namespace Ops.Runtime.Tests.Scheduling;

/// <summary>Lets requests of any kind come, leave, expire and be taken in any order.</summary>
public sealed class RequestQueuePropertyTests : IDisposable
{
    private const int Levels = 3;

    private static readonly Config Runs = Config.QuickThrowOnFailure.WithMaxTest(500);

    private static readonly Gen<BatchPolicy> Policies =
        from size in Gen.Choose(1, 8)
        from preferred in Gen.Choose(2, 8).ListOf()
        select new BatchPolicy { HasRows = true, MaxBatchSize = size, PreferredBatchSizes = [.. preferred.Where(p => p <= size).Distinct().Order()], Reason = "any" };

    private static readonly Gen<Step> Steps =
        from what in Gen.Frequency((6, Gen.Constant(What.Add)), (3, Gen.Constant(What.Take)), (1, Gen.Constant(What.Leave)), (1, Gen.Constant(What.Expire)))
        from level in Gen.Choose(0, Levels - 1)
        from rows in Gen.Choose(0, 6)
        from width in Gen.Choose(1, 2)
        from which in Gen.Choose(0, 1000)
        from patience in Gen.Choose(0, 40)
        select new Step(what, level, rows, width, which, patience);

    private readonly List<InferRequest> requests = [];

    [Fact]
    public void Take_AnyHistory_KeepsTheRules() =>
        Prop.ForAll(Policies.ToArbitrary(), Steps.ListOf(80).ToArbitrary(), (policy, steps) => Play(policy, [.. steps])).Check(Runs);

    public void Dispose() => requests.ForEach(r => r.Dispose());

    private void Play(BatchPolicy policy, Step[] steps)
    {
        var queue = new RequestQueue(Levels);
        // What a plain list of arrivals says there should be.
        var waiting = new List<PendingRequest>();
        var gone = 0;
        for (var now = 0; now < steps.Length; now++)
        {
            var step = steps[now];
            switch (step.What)
            {
                case What.Add:
                    var pending = Pending(step, now);
                    waiting.Add(pending);
                    queue.Add(pending);
                    break;
                case What.Leave when waiting.Count > 0:
                    var leaver = waiting[step.Which % waiting.Count];
                    waiting.Remove(leaver);
                    queue.Remove(leaver);
                    gone++;
                    break;
                case What.Expire:
                    var expired = new List<PendingRequest>();
                    queue.TakeExpired(now, expired);
                    Assert.Equal(waiting.Where(p => p.Deadline <= now).ToHashSet(), expired.ToHashSet());
                    gone += waiting.RemoveAll(expired.Contains);
                    break;
                case What.Take when waiting.Count > 0:
                    var batch = new List<PendingRequest>();
                    queue.Take(policy, batch);
                    Check(policy, waiting, batch);
                    gone += batch.Count;
                    batch.ForEach(p => waiting.Remove(p));
                    break;
            }

            Assert.Equal(waiting.Count, queue.Count);
            Assert.True(queue.EarliestDeadline <= waiting.Select(p => p.Deadline).DefaultIfEmpty(long.MaxValue).Min());
        }

        // Whatever is left comes out, each exactly once.
        while (queue.Count > 0)
        {
            var batch = new List<PendingRequest>();
            queue.Take(policy, batch);
            Check(policy, waiting, batch);
            gone += batch.Count;
            batch.ForEach(p => Assert.True(waiting.Remove(p)));
        }

        Assert.Empty(waiting);
        Assert.Equal(steps.Count(s => s.What == What.Add), gone);
    }

    private static void Check(BatchPolicy policy, List<PendingRequest> waiting, List<PendingRequest> batch)
    {
        // The most urgent and then the oldest is in it, first; whoever is in it waited; nobody is in it twice.
        var inOrder = waiting.OrderBy(p => p.Level).ThenBy(p => p.Arrived).ToList();
        Assert.Same(inOrder[0], batch[0]);
        Assert.All(batch, p => Assert.Contains(p, waiting));
        Assert.Equal(batch.Count, batch.Distinct().Count());
        if (batch.Count == 1)
        {
            return;
        }

        Assert.All(batch, p => Assert.True(p.Shape.Rows > 0));
        Assert.All(batch, p => Assert.Equal(batch[0].Request.Inputs[0].Shape[1..], p.Request.Inputs[0].Shape[1..]));
        Assert.True(batch.Sum(p => p.Shape.Rows) <= policy.MaxBatchSize);
        // Among those alike nobody is overtaken.
        var alike = inOrder.Where(p => p.Shape.Rows > 0 && p.Request.Inputs[0].Shape[1] == batch[0].Request.Inputs[0].Shape[1]).ToList();
        Assert.Equal(alike.Take(batch.Count), batch);
    }

    private PendingRequest Pending(Step step, int now)
    {
        var tensor = OrtTensor.Allocate(OrtElementType.UInt8, [step.Rows, step.Width]);
        var request = new InferRequest(null, [tensor], [new RequestedOutput(0)], InferParameters.Default);
        requests.Add(request);
        return new PendingRequest(request, BatchShape.Of(request))
        {
            Level = step.Level,
            Arrived = now,
            Deadline = step.Patience == 0 ? long.MaxValue : now + step.Patience,
        };
    }

    private enum What
    {
        Add,
        Take,
        Leave,
        Expire,
    }

    private sealed record Step(What What, int Level, int Rows, int Width, int Which, int Patience);
}
