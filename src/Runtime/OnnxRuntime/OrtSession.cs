using Microsoft.ML.OnnxRuntime;

namespace Ops.Runtime.OnnxRuntime;

/// <summary>
/// A loaded model. Runs may come from several threads at once, and disposing waits for none of them: the last run that
/// is under way releases the model. (The package's own session must not be disposed during a run.)
/// </summary>
internal sealed class OrtSession : IDisposable
{
    private readonly InferenceSession session;
    private readonly string[] inputNames;

    /// <summary>Says when to shrink; null without an arena of its own.</summary>
    private readonly ArenaTrim? trim;

    private readonly string devices;

    /// <summary>Per output whether a run showed that <see cref="TryOutputShape"/> is right; models may declare what they do
    /// not keep.</summary>
    private readonly Prediction[] predictions;

    /// <summary>The runs under way, and one for the owner.</summary>
    private int leases = 1;
    private int disposed;

    private OrtSession(InferenceSession session, OrtSessionSettings settings)
    {
        this.session = session;
        Providers = [.. settings.Providers.Select(p => p.Name), "cpu"];
        trim = settings.Arena ? new ArenaTrim() : null;
        devices = string.Join(';', settings.Providers.Select(p => "gpu:" + p.Options.GetValueOrDefault("device_id", "0")).Append("cpu:0").Distinct());
        Inputs = session.InputNames.Select(name => OrtTensorInfo.Create(name, session.InputMetadata[name])).ToArray();
        Outputs = session.OutputNames.Select(name => OrtTensorInfo.Create(name, session.OutputMetadata[name])).ToArray();
        inputNames = [.. session.InputNames];
        predictions = new Prediction[Outputs.Count];
    }

    private enum Prediction
    {
        Unknown,
        Kept,
        Broken,
    }

    /// <summary>Where it runs, best first; single operators that the first ones lack run on the CPU.</summary>
    public IReadOnlyList<string> Providers { get; }

    /// <summary>The model's inputs, in the model's order.</summary>
    public IReadOnlyList<OrtTensorInfo> Inputs { get; }

    /// <summary>The model's outputs, in the model's order.</summary>
    public IReadOnlyList<OrtTensorInfo> Outputs { get; }

    /// <summary>Loads a model and its external data from disk. Custom operator libraries are never registered.</summary>
    /// <param name="environment">Gives the threads.</param>
    /// <param name="path">A verified file; external data is looked up in its folder.</param>
    /// <param name="settings">How it runs; null for the default.</param>
    /// <exception cref="OrtException">The file is no model that the engine can run, or a provider cannot be had.</exception>
    public static OrtSession Load(OrtEnvironment environment, string path, OrtSessionSettings? settings = null)
    {
        settings ??= OrtSessionSettings.Default;
        return OrtException.Translate(() =>
        {
            using var options = OrtSessionOptions.Create(environment, settings);
            var session = new InferenceSession(path, options);
            try
            {
                return new OrtSession(session, settings);
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
            Trim(options, inputs);
            // The list's own Dispose would release all values; they are ours now, one by one.
            var results = Adopt((IReadOnlyList<OrtValue>)session.Run(options.Value, inputNames, inputValues, outputNames), inputs);
            Check(inputs, outputs, results);
            return results;
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
            Trim(options, inputs);
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

    /// <summary>Says which shape an output will have, when the model says so (every extent is fixed or has the name of an
    /// extent of an input) and a run without given outputs has shown that it keeps to that, as the warm-up does.</summary>
    /// <param name="output">Index into <see cref="Outputs"/>.</param>
    /// <param name="inputs">The tensors of the run, in the order of <see cref="Inputs"/>.</param>
    /// <param name="shape">The shape.</param>
    /// <returns>False when only the run will tell.</returns>
    public bool TryOutputShape(int output, ReadOnlySpan<OrtTensor> inputs, out long[] shape)
    {
        shape = [];
        return predictions[output] == Prediction.Kept && TryPredict(output, inputs, out shape);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 0)
        {
            Leave();
        }
    }

    private void Trim(OrtRunOptions options, ReadOnlySpan<OrtTensor> inputs)
    {
        if (trim is null)
        {
            return;
        }

        var bytes = 0L;
        foreach (var input in inputs)
        {
            bytes += input.ByteLength;
        }

        // The options may serve the next run too, which is not to shrink.
        options.Shrink(trim.Next(bytes) ? devices : string.Empty);
    }

    private void Check(ReadOnlySpan<OrtTensor> inputs, ReadOnlySpan<int> outputs, OrtTensor[] results)
    {
        for (var i = 0; i < results.Length; i++)
        {
            ref var prediction = ref predictions[outputs[i]];
            if (prediction == Prediction.Unknown && TryPredict(outputs[i], inputs, out var shape))
            {
                prediction = shape.AsSpan().SequenceEqual(results[i].Shape) ? Prediction.Kept : Prediction.Broken;
            }
        }
    }

    private bool TryPredict(int output, ReadOnlySpan<OrtTensor> inputs, out long[] shape)
    {
        var info = Outputs[output];
        shape = (long[])info.Shape.Clone();
        for (var i = 0; i < shape.Length; i++)
        {
            if (shape[i] < 0 && !TryExtent(info.Symbols[i], inputs, out shape[i]))
            {
                return false;
            }
        }

        return info.ElementType.Size() > 0;
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
