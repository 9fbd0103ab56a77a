using Microsoft.ML.OnnxRuntime;

namespace Ops.Runtime.OnnxRuntime;

/// <summary>
/// A loaded model. Runs may come from several threads at once, and disposing waits for none of them: the last run that
/// is under way releases the model. (The package's own session must not be disposed during a run.)
/// </summary>
internal sealed partial class OrtSession : IDisposable
{
    private readonly InferenceSession session;
    private readonly string[] inputNames;
    private readonly string[] allOutputNames;

    /// <summary>Says when to shrink; null without an arena of its own.</summary>
    private readonly ArenaTrim? trim;

    private readonly string devices;

    private readonly OutputShapes shapes;

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
        allOutputNames = [.. session.OutputNames];
        shapes = new OutputShapes(Inputs, Outputs);
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

    /// <summary>Runs the model once, on the calling thread and the shared pool. Where the model says which shapes its outputs
    /// will have, they are written into memory of the pool of tensors, so that a steady load takes none from the engine.</summary>
    /// <param name="options">Stops the run when terminated.</param>
    /// <param name="inputs">One tensor per input, in the order of <see cref="Inputs"/>.</param>
    /// <param name="outputs">Indices into <see cref="Outputs"/>: what to compute.</param>
    /// <returns>One tensor per requested output; the caller disposes them.</returns>
    /// <exception cref="OrtException">The run failed or was terminated.</exception>
    public OrtTensor[] Run(OrtRunOptions options, ReadOnlySpan<OrtTensor> inputs, ReadOnlySpan<int> outputs)
    {
        if (TryAllocate(inputs, outputs) is { } results)
        {
            try
            {
                Run(options, inputs, outputs, results);
                return results;
            }
            catch (OrtException) when (!options.IsTerminated)
            {
                // It may be that the model broke its word about an output this time; without given outputs it may do so.
                Release(results);
            }
            catch
            {
                Release(results);
                throw;
            }
        }

        return RunUnbound(options, inputs, outputs);
    }

    /// <summary>Runs the model once and writes the outputs into tensors of the caller.</summary>
    /// <param name="options">Stops the run when terminated.</param>
    /// <param name="inputs">One tensor per input, in the order of <see cref="Inputs"/>.</param>
    /// <param name="outputs">Indices into <see cref="Outputs"/>: what to compute.</param>
    /// <param name="results">Per requested output a tensor of the type and shape that the model will produce.</param>
    /// <exception cref="OrtException">The run failed, was terminated, or the model produced another shape.</exception>
    public void Run(OrtRunOptions options, ReadOnlySpan<OrtTensor> inputs, ReadOnlySpan<int> outputs, ReadOnlySpan<OrtTensor> results)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(results.Length, outputs.Length, nameof(results));
        var inputValues = Values(inputs, Inputs.Count);
        using var lease = new Lease(this, options);
        try
        {
            Trim(options, inputs);
            session.Run(options.Value, inputNames, inputValues, Names(outputs), Values(results, outputs.Length));
        }
        catch (OnnxRuntimeException exception)
        {
            throw OrtException.From(exception);
        }
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

    private OrtTensor[] RunUnbound(OrtRunOptions options, ReadOnlySpan<OrtTensor> inputs, ReadOnlySpan<int> outputs)
    {
        var inputValues = Values(inputs, Inputs.Count);
        using var lease = new Lease(this, options);
        try
        {
            Trim(options, inputs);
            // The list's own Dispose would release all values; they are ours now, one by one.
            var results = Adopt((IReadOnlyList<OrtValue>)session.Run(options.Value, inputNames, inputValues, Names(outputs)), inputs);
            shapes.Learn(inputs, outputs, results, (given, output, result) => IsWritten(options, given, output, result));
            return results;
        }
        catch (OnnxRuntimeException exception)
        {
            throw OrtException.From(exception);
        }
    }

    private static OrtValue[] Values(ReadOnlySpan<OrtTensor> tensors, int expected)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(tensors.Length, expected, nameof(tensors));
        var values = new OrtValue[tensors.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = tensors[i].Value;
        }

        return values;
    }

    private string[] Names(ReadOnlySpan<int> outputs)
    {
        if (outputs.Length == 1 && allOutputNames.Length == 1)
        {
            return allOutputNames;
        }

        var names = new string[outputs.Length];
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = allOutputNames[outputs[i]];
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
}
