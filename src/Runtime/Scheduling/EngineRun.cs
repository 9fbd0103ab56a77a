using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Scheduling;

/// <summary>Runs a model once, on the calling thread: <see cref="OrtSession.Run"/>.</summary>
/// <param name="options">Stops the run when terminated.</param>
/// <param name="inputs">One tensor per input, in the model's order.</param>
/// <param name="outputs">Positions of the outputs to compute.</param>
/// <returns>One tensor per output asked for; the caller disposes them.</returns>
/// <exception cref="OrtException">The run failed or was terminated.</exception>
internal delegate OrtTensor[] EngineRun(OrtRunOptions options, ReadOnlySpan<OrtTensor> inputs, ReadOnlySpan<int> outputs);
