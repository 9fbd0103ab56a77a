using System.Diagnostics;
using Ops.Runtime.Configuration;
using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Scheduling;

namespace Ops.Runtime.Models;

/// <summary>Runs a model with zeros before it is ready: first runs allocate, compile and page in, which no request should
/// pay for.</summary>
internal sealed class WarmUp(ILogger<WarmUp> log)
{
    /// <summary>Runs the model as often as its options say.</summary>
    /// <param name="model">Which one; gets the time that it took.</param>
    /// <param name="session">Its session.</param>
    /// <param name="execution">Runs and shapes.</param>
    /// <param name="progress">Called before each run with how many are done.</param>
    /// <param name="cancellation">Ends the runs.</param>
    /// <returns>Whether it ran.</returns>
    /// <exception cref="ModelLoadException">A run failed although the options say the shapes. Otherwise it is only logged: 1
    /// may be impossible for an open extent, and zeros for a model that divides.</exception>
    public bool Run(ServedModel model, OrtSession session, ExecutionSettings execution, Action<int> progress, CancellationToken cancellation)
    {
        if (execution.WarmUpRuns == 0 || session.Inputs.Any(i => i.ElementType != OrtElementType.String && i.ElementType.Size() == 0))
        {
            return false;
        }

        var start = Stopwatch.GetTimestamp();
        var inputs = Array.Empty<OrtTensor>();
        try
        {
            inputs = Inputs(session, execution);
            var outputs = Outputs(session);
            for (var i = 0; i < execution.WarmUpRuns; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                progress(i);
                RunOnce(session, inputs, outputs, cancellation);
            }

            model.Metrics.WarmUpSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            return true;
        }
        catch (Exception exception) when (exception is OrtException or ArgumentException or OverflowException or OutOfMemoryException)
        {
            cancellation.ThrowIfCancellationRequested();
            if (execution.WarmUpShapes.Count > 0)
            {
                throw new ModelLoadException("It failed to run with zeros in the shapes that WarmUpShapes says.", exception);
            }

            log.WarmUpFailed(model.Name, model.Version, exception);
            return false;
        }
        finally
        {
            MergedRun.Dispose(inputs);
        }
    }

    /// <summary>What the model is warmed up with: zeros.</summary>
    /// <returns>One tensor per input; the caller disposes them.</returns>
    internal static OrtTensor[] Inputs(OrtSession session, ExecutionSettings execution)
    {
        var inputs = new OrtTensor[session.Inputs.Count];
        try
        {
            for (var i = 0; i < inputs.Length; i++)
            {
                var input = session.Inputs[i];
                inputs[i] = Zeros(input.ElementType, execution.WarmUpShapes.GetValueOrDefault(input.Name) ?? Array.ConvertAll(input.Shape, extent => extent < 0 ? 1 : extent));
            }

            return inputs;
        }
        catch
        {
            MergedRun.Dispose(inputs);
            throw;
        }
    }

    /// <summary>All outputs but those that are no tensors, which cannot be returned.</summary>
    internal static int[] Outputs(OrtSession session) =>
        [.. Enumerable.Range(0, session.Outputs.Count).Where(i => session.Outputs[i].ElementType != OrtElementType.Undefined)];

    /// <summary>Runs once and lets the outputs go.</summary>
    internal static void RunOnce(OrtSession session, OrtTensor[] inputs, int[] outputs, CancellationToken cancellation)
    {
        using var options = OrtRunOptions.Create();
        using var registration = cancellation.UnsafeRegister(static o => ((OrtRunOptions)o!).Terminate(), options);
        MergedRun.Dispose(session.Run(options, inputs, outputs));
    }

    private static OrtTensor Zeros(OrtElementType type, long[] shape)
    {
        if (type == OrtElementType.String)
        {
            var count = shape.Aggregate(1L, (product, extent) => checked(product * extent));
            return OrtTensor.FromStrings(shape, new ReadOnlyMemory<byte>[checked((int)count)]);
        }

        var tensor = OrtTensor.Allocate(type, shape);
        tensor.Data<byte>().Clear();
        return tensor;
    }
}
