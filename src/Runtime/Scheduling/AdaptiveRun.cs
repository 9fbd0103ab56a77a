using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Scheduling;

/// <summary>Gives each run of a model all threads while there are fewer runs than threads, and one thread otherwise.</summary>
/// <param name="shared">Runs the model on the shared threads.</param>
/// <param name="one">Runs it on the calling thread alone.</param>
/// <param name="threads">How many are shared.</param>
internal sealed class AdaptiveRun(EngineRun shared, EngineRun one, int threads)
{
    private int underWay;

    /// <inheritdoc cref="EngineRun"/>
    public OrtTensor[] Run(OrtRunOptions options, ReadOnlySpan<OrtTensor> inputs, ReadOnlySpan<int> outputs)
    {
        try
        {
            var run = Interlocked.Increment(ref underWay) < threads ? shared : one;
            return run(options, inputs, outputs);
        }
        finally
        {
            Interlocked.Decrement(ref underWay);
        }
    }
}
