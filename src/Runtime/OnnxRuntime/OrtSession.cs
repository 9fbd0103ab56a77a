using Microsoft.ML.OnnxRuntime;
using SessionOptions = Microsoft.ML.OnnxRuntime.SessionOptions;

namespace Ops.Runtime.OnnxRuntime;

/// <summary>
/// A loaded model. Runs may come from several threads at once, and disposing waits for none of them: the last run that
/// is under way releases the model. (The package's own session must not be disposed during a run.)
/// </summary>
internal sealed class OrtSession : IDisposable
{
    private readonly InferenceSession session;
    private readonly string[] inputNames;

    /// <summary>The runs under way, and one for the owner.</summary>
    private int leases = 1;
    private int disposed;

    private OrtSession(InferenceSession session)
    {
        this.session = session;
        Inputs = session.InputNames.Select(name => OrtTensorInfo.Create(name, session.InputMetadata[name])).ToArray();
        Outputs = session.OutputNames.Select(name => OrtTensorInfo.Create(name, session.OutputMetadata[name])).ToArray();
        inputNames = [.. session.InputNames];
    }

    /// <summary>The model's inputs, in the model's order.</summary>
    public IReadOnlyList<OrtTensorInfo> Inputs { get; }

    /// <summary>The model's outputs, in the model's order.</summary>
    public IReadOnlyList<OrtTensorInfo> Outputs { get; }

    /// <summary>Loads a model and its external data from disk. Custom operator libraries are never registered.</summary>
    /// <param name="environment">Gives the threads.</param>
    /// <param name="path">A verified file; external data is looked up in its folder.</param>
    /// <exception cref="OrtException">The file is no model that the engine can run.</exception>
    public static OrtSession Load(OrtEnvironment environment, string path)
    {
        // The environment is the engine's only one; having it as a parameter makes sure that it was made first.
        ArgumentNullException.ThrowIfNull(environment);
        return OrtException.Translate(() =>
        {
            using var options = new SessionOptions { GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL };
            options.DisablePerSessionThreads();
            var session = new InferenceSession(path, options);
            try
            {
                return new OrtSession(session);
            }
            catch
            {
                session.Dispose();
                throw;
            }
        });
    }

    /// <summary>Runs the model once, on the calling thread and the shared pool.</summary>
    /// <param name="options">Stops the run when terminated.</param>
    /// <param name="inputs">One tensor per input, in the order of <see cref="Inputs"/>.</param>
    /// <param name="outputs">Indices into <see cref="Outputs"/>: what to compute.</param>
    /// <returns>One tensor per requested output; the caller disposes them.</returns>
    /// <exception cref="OrtException">The run failed or was terminated.</exception>
    public OrtTensor[] Run(OrtRunOptions options, ReadOnlySpan<OrtTensor> inputs, ReadOnlySpan<int> outputs)
    {
        var inputValues = Values(inputs);
        var outputNames = Names(outputs);
        using var lease = new Lease(this);
        try
        {
            // The list's own Dispose would release all values; they are ours now, one by one.
            return Adopt((IReadOnlyList<OrtValue>)session.Run(options.Value, inputNames, inputValues, outputNames), inputs);
        }
        catch (OnnxRuntimeException exception)
        {
            throw OrtException.From(exception);
        }
    }

    /// <summary>Runs the model once and writes outputs into tensors of the caller where it has some.</summary>
    /// <param name="options">Stops the run when terminated.</param>
    /// <param name="inputs">One tensor per input, in the order of <see cref="Inputs"/>.</param>
    /// <param name="outputs">Indices into <see cref="Outputs"/>: what to compute.</param>
    /// <param name="results">Per requested output the tensor to write into, of the type and shape that the model will
    /// produce (<see cref="TryOutputShape"/>), or null, which the call replaces by a new tensor. The caller disposes all.</param>
    /// <exception cref="OrtException">The run failed, was terminated, or the model produced another shape.</exception>
    public void Run(OrtRunOptions options, ReadOnlySpan<OrtTensor> inputs, ReadOnlySpan<int> outputs, Span<OrtTensor?> results)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(results.Length, outputs.Length, nameof(results));
        if (results.IndexOfAnyExcept((OrtTensor?)null) < 0)
        {
            Run(options, inputs, outputs).CopyTo(results);
            return;
        }

        var inputValues = Values(inputs);
        var outputNames = Names(outputs);
        using var lease = new Lease(this);
        try
        {
            if (!results.Contains(null))
            {
                session.Run(options.Value, inputNames, inputValues, outputNames, Array.ConvertAll(results.ToArray(), r => r!.Value));
                return;
            }

            RunBound(options, inputValues, outputNames, results, inputs);
        }
        catch (OnnxRuntimeException exception)
        {
            throw OrtException.From(exception);
        }
    }

    /// <summary>Says which shape an output will have, when the model says so: every extent is fixed or has the name of an
    /// extent of an input.</summary>
    /// <param name="output">Index into <see cref="Outputs"/>.</param>
    /// <param name="inputs">The tensors of the run, in the order of <see cref="Inputs"/>.</param>
    /// <param name="shape">The shape.</param>
    /// <returns>False when only the run will tell.</returns>
    public bool TryOutputShape(int output, ReadOnlySpan<OrtTensor> inputs, out long[] shape)
    {
        var info = Outputs[output];
        shape = (long[])info.Shape.Clone();
        if (info.ElementType.Size() == 0)
        {
            return false;
        }

        for (var i = 0; i < shape.Length; i++)
        {
            if (shape[i] < 0 && !TryExtent(info.Symbols[i], inputs, out shape[i]))
            {
                return false;
            }
        }

        return true;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 0)
        {
            Leave();
        }
    }

    private bool TryExtent(string symbol, ReadOnlySpan<OrtTensor> inputs, out long extent)
    {
        extent = -1;
        for (var i = 0; symbol.Length > 0 && i < inputs.Length; i++)
        {
            var at = Array.IndexOf(Inputs[i].Symbols, symbol);
            if (at >= 0 && Inputs[i].Shape[at] < 0 && at < inputs[i].Shape.Length)
            {
                extent = inputs[i].Shape[at];
                return true;
            }
        }

        return false;
    }

    private void RunBound(OrtRunOptions options, OrtValue[] inputValues, string[] outputNames, Span<OrtTensor?> results, ReadOnlySpan<OrtTensor> inputs)
    {
        using var binding = session.CreateIoBinding();
        for (var i = 0; i < inputValues.Length; i++)
        {
            binding.BindInput(inputNames[i], inputValues[i]);
        }

        for (var i = 0; i < outputNames.Length; i++)
        {
            if (results[i] is { } given)
            {
                binding.BindOutput(outputNames[i], given.Value);
            }
            else
            {
                binding.BindOutputToDevice(outputNames[i], OrtMemoryInfo.DefaultInstance);
            }
        }

        var values = (IReadOnlyList<OrtValue>)session.RunWithBoundResults(options.Value, binding);
        var fresh = new List<OrtValue>(values.Count);
        for (var i = 0; i < values.Count; i++)
        {
            if (results[i] is null)
            {
                fresh.Add(values[i]);
            }
            else
            {
                values[i].Dispose();
            }
        }

        var adopted = Adopt(fresh, inputs);
        var next = 0;
        foreach (ref var result in results)
        {
            result ??= adopted[next++];
        }
    }

    private OrtValue[] Values(ReadOnlySpan<OrtTensor> inputs)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(inputs.Length, Inputs.Count, nameof(inputs));
        var values = new OrtValue[inputs.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = inputs[i].Value;
        }

        return values;
    }

    private string[] Names(ReadOnlySpan<int> outputs)
    {
        var names = new string[outputs.Length];
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = Outputs[outputs[i]].Name;
        }

        return names;
    }

    private static OrtTensor[] Adopt(IReadOnlyList<OrtValue> values, ReadOnlySpan<OrtTensor> inputs)
    {
        var tensors = new OrtTensor[values.Count];
        var adopted = 0;
        try
        {
            for (; adopted < tensors.Length; adopted++)
            {
                tensors[adopted] = Detach(OrtTensor.Adopt(values[adopted]), inputs);
            }
        }
        catch
        {
            // Adopt has released the value it failed on; the ones before and after it are still ours.
            for (var i = 0; i < tensors.Length; i++)
            {
                tensors[i]?.Dispose();
                if (i > adopted)
                {
                    values[i].Dispose();
                }
            }

            throw;
        }

        return tensors;
    }

    /// <summary>An output that is an input handed through would show memory that the caller takes back with the input.</summary>
    private static OrtTensor Detach(OrtTensor output, ReadOnlySpan<OrtTensor> inputs)
    {
        foreach (var input in inputs)
        {
            if (output.SharesMemoryWith(input))
            {
                using (output)
                {
                    return output.Copy();
                }
            }
        }

        return output;
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref leases) == 0)
        {
            session.Dispose();
        }
    }

    /// <summary>Keeps the session alive during a run.</summary>
    private readonly ref struct Lease
    {
        private readonly OrtSession owner;

        public Lease(OrtSession owner)
        {
            int current;
            do
            {
                current = Volatile.Read(ref owner.leases);
                ObjectDisposedException.ThrowIf(current == 0 || Volatile.Read(ref owner.disposed) != 0, owner);
            }
            while (Interlocked.CompareExchange(ref owner.leases, current + 1, current) != current);
            this.owner = owner;
        }

        public void Dispose() => owner.Leave();
    }
}
