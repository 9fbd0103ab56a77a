using System.Diagnostics;
using Ops.Runtime.Configuration;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Models;

/// <summary>Runs a model with zeros before it is ready: first runs allocate, compile and page in, which no request should
/// pay for.</summary>
internal sealed class WarmUp(ILogger<WarmUp> log)
{
    /// <summary>Runs the model as often as its options say.</summary>
    /// <param name="model">Which one; gets the time that it took.</param>
    /// <param name="session">Its session.</param>
    /// <param name="execution">Runs and shapes.</param>
    /// <param name="cancellation">Ends the runs.</param>
    /// <exception cref="ModelLoadException">A run failed although the options say the shapes. Otherwise it is only logged: 1
    /// may be impossible for an open extent, and zeros for a model that divides.</exception>
    public void Run(ServedModel model, OrtSession session, ExecutionSettings execution, CancellationToken cancellation)
    {
        if (execution.WarmUpRuns == 0 || session.Inputs.Any(i => i.ElementType != OrtElementType.String && i.ElementType.Size() == 0))
        {
            return;
        }

        var start = Stopwatch.GetTimestamp();
        var inputs = new List<OrtTensor>();
        try
        {
            foreach (var input in session.Inputs)
            {
                inputs.Add(Zeros(input.ElementType, execution.WarmUpShapes.GetValueOrDefault(input.Name) ?? Array.ConvertAll(input.Shape, extent => extent < 0 ? 1 : extent)));
            }

            var outputs = Enumerable.Range(0, session.Outputs.Count).ToArray();
            for (var i = 0; i < execution.WarmUpRuns; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                RunOnce(session, inputs, outputs, cancellation);
            }

            model.Metrics.WarmUpSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        catch (Exception exception) when (exception is OrtException or ArgumentException or OverflowException or OutOfMemoryException)
        {
            cancellation.ThrowIfCancellationRequested();
            if (execution.WarmUpShapes.Count > 0)
            {
                throw new ModelLoadException("It failed to run with zeros in the shapes that WarmUpShapes says.", exception);
            }

            log.WarmUpFailed(model.Name, model.Version, exception);
        }
        finally
        {
            inputs.ForEach(input => input.Dispose());
        }
    }

    private static void RunOnce(OrtSession session, List<OrtTensor> inputs, int[] outputs, CancellationToken cancellation)
    {
        using var options = OrtRunOptions.Create();
        using var registration = cancellation.UnsafeRegister(static o => ((OrtRunOptions)o!).Terminate(), options);
        // Not those that are no tensors, which cannot be returned.
        var tensors = outputs.Where(i => session.Outputs[i].ElementType != OrtElementType.Undefined).ToArray();
        foreach (var output in session.Run(options, inputs.ToArray(), tensors))
        {
            output.Dispose();
        }
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
