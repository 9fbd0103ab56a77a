using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Ops.Runtime.Inference;
using Ops.Runtime.Monitoring;
using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Scheduling;
using Ops.Runtime.Tests.Support;
using Ops.Testing;

namespace Ops.Runtime.Tests.Scheduling;

/// <summary>
/// Stands in for a model with one input and two outputs: the doubled input and the negated one. A value of
/// <see cref="Poison"/> makes the run fail, one of <see cref="Block"/> keeps it until the test lets it go.
/// </summary>
internal sealed class FakeEngine : IDisposable
{
    public const float Poison = -1;
    public const float Block = -2;

    private readonly SemaphoreSlim released = new(0);
    private int blocked;

    /// <summary>What ran, in order: the first element of each row.</summary>
    public ConcurrentQueue<float[]> Runs { get; } = [];

    /// <summary>Shapes of the inputs that ran, in order.</summary>
    public ConcurrentQueue<long[]> Shapes { get; } = [];

    /// <summary>Positions of the outputs that were computed, in order.</summary>
    public ConcurrentQueue<int[]> Computed { get; } = [];

    /// <summary>Runs that are kept now.</summary>
    public int Blocked => Volatile.Read(ref blocked);

    /// <summary>Rows that the outputs have too few.</summary>
    public int MissingRows { get; set; }

    /// <summary>Lets one kept run go.</summary>
    public void Release() => released.Release();

    public void Dispose() => released.Dispose();

    public OrtTensor[] Run(OrtRunOptions options, ReadOnlySpan<OrtTensor> inputs, ReadOnlySpan<int> outputs)
    {
        var input = inputs[0];
        var values = input.Data<float>().ToArray();
        var width = input.Shape[0] == 0 ? 0 : values.Length / (int)input.Shape[0];
        Runs.Enqueue([.. values.Where((_, i) => i % width == 0)]);
        Shapes.Enqueue(input.Shape);
        Computed.Enqueue(outputs.ToArray());
        if (values.Contains(Block))
        {
            Interlocked.Increment(ref blocked);
            while (!released.Wait(2) && !options.IsTerminated)
            {
            }

            Interlocked.Decrement(ref blocked);
        }

        if (options.IsTerminated || values.Contains(Poison))
        {
            throw new OrtException(OrtErrorCode.Fail, "The run failed.");
        }

        long[] shape = [input.Shape[0] - MissingRows, .. input.Shape[1..]];
        return [.. outputs.ToArray().Select(output => Filled(shape, [.. values.Take((int)(shape[0] * width)).Select(v => output == 0 ? v * 2 : -v)]))];
    }

    /// <summary>A request of one row per value, each row as wide as asked and filled with its value.</summary>
    public static InferRequest Request(float[] rows, int width = 1, uint priority = 0, TimeSpan? timeout = null, params int[] outputs) => new(
        null,
        [Filled([rows.Length, width], [.. rows.SelectMany(v => Enumerable.Repeat(v, width))])],
        outputs.Length == 0 ? [new RequestedOutput(0)] : Array.ConvertAll(outputs, o => new RequestedOutput(o)),
        new InferParameters(priority, timeout));

    public static OrtTensor Filled(long[] shape, float[] values)
    {
        var tensor = OrtTensor.Allocate(OrtElementType.Float32, shape);
        values.CopyTo(tensor.Data<float>());
        return tensor;
    }
}

/// <summary>A scheduler in front of a <see cref="FakeEngine"/>, with a clock that stands still.</summary>
internal sealed class SchedulerBench : IDisposable
{
    private readonly List<InferRequest> requests = [];
    private readonly CancellationTokenSource cut = new();

    public SchedulerBench(BatchPolicy? policy = null, int instances = 1, int queueLimit = 100, QueueOptions? queue = null)
    {
        Scheduler = new ModelScheduler(new SchedulerSettings(instances, queueLimit, queue ?? new QueueOptions()), Metrics, Time, NullLogger.Instance, cut.Token);
        Scheduler.Open(Engine.Run, policy ?? Merging(8));
    }

    public FakeEngine Engine { get; } = new();

    public ManualTime Time { get; } = new();

    public ModelMetrics Metrics { get; } = new("fake", "1");

    public ModelScheduler Scheduler { get; }

    public static BatchPolicy Merging(int maxBatchSize, int delayMilliseconds = 0, params int[] preferred) => new()
    {
        HasRows = true,
        MaxBatchSize = maxBatchSize,
        MaxQueueDelay = TimeSpan.FromMilliseconds(delayMilliseconds),
        PreferredBatchSizes = preferred,
        Reason = "The test says so.",
    };

    public static BatchPolicy Alone { get; } = BatchPolicy.Off("The test says so.", hasRows: true);

    /// <summary>Hands a request in. One that finds a free run would run right here, so it is for the others.</summary>
    public Task<InferResult> Enter(InferRequest request, CancellationToken aborted = default)
    {
        lock (requests)
        {
            requests.Add(request);
        }

        return Scheduler.RunAsync(request, aborted).AsTask();
    }

    /// <summary>Lets the scheduler know the model's runs as short.</summary>
    public void BeQuick()
    {
        for (var i = 0; i < RunPace.Shown; i++)
        {
            Scheduler.Pace.Observe(TimeSpan.Zero);
        }
    }

    /// <summary>Keeps a run busy until <see cref="FakeEngine.Release"/>.</summary>
    public async Task<Task<InferResult>> OccupyAsync(CancellationToken aborted = default)
    {
        var before = Engine.Blocked;
        var occupied = Task.Run(() => Enter(FakeEngine.Request([FakeEngine.Block]), aborted));
        await Eventually.TrueAsync(() => Engine.Blocked > before, "a run to begin");
        return occupied;
    }

    public Task CutAsync() => cut.CancelAsync();

    public void Dispose()
    {
        Scheduler.Dispose();
        cut.Dispose();
        Engine.Dispose();
        requests.ForEach(r => r.Dispose());
    }
}
