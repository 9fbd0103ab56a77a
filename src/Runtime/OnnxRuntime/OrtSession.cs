using System.Runtime.InteropServices;
using System.Text;

namespace Ops.Runtime.OnnxRuntime;

/// <summary>
/// A loaded model. Runs may come from several threads at once, and disposing waits for none of them: the last run that
/// holds the handle releases it.
/// </summary>
internal sealed unsafe class OrtSession : IDisposable
{
    private const int AllOptimizations = 99;

    /// <summary>Up to this many inputs or outputs, a run keeps its pointers on the stack.</summary>
    private const int OnStack = 32;

    private readonly OrtSessionHandle handle;

    private OrtSession(OrtSessionHandle handle)
    {
        this.handle = handle;
        using var lease = handle.Use();
        nuint count = 0;
        OrtApi.Check(OrtApi.SessionGetInputCount(lease.Value, &count));
        var inputs = new OrtTensorInfo[count];
        for (nuint i = 0; i < count; i++)
        {
            inputs[i] = Describe(lease.Value, i, OrtApi.SessionGetInputName, OrtApi.SessionGetInputTypeInfo);
        }

        OrtApi.Check(OrtApi.SessionGetOutputCount(lease.Value, &count));
        var outputs = new OrtTensorInfo[count];
        for (nuint i = 0; i < count; i++)
        {
            outputs[i] = Describe(lease.Value, i, OrtApi.SessionGetOutputName, OrtApi.SessionGetOutputTypeInfo);
        }

        Inputs = inputs;
        Outputs = outputs;
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
        nint created = 0;
        OrtApi.Check(OrtApi.CreateSessionOptions(&created));
        using var options = new OrtSessionOptionsHandle(created);
        using var optionsLease = options.Use();
        OrtApi.Check(OrtApi.DisablePerSessionThreads(optionsLease.Value));
        OrtApi.Check(OrtApi.SetSessionGraphOptimizationLevel(optionsLease.Value, AllOptimizations));
        using var env = environment.Handle.Use();
        var encoding = OperatingSystem.IsWindows() ? Encoding.Unicode : Encoding.UTF8;
        nint session = 0;
        fixed (byte* file = encoding.GetBytes(path + '\0'))
        {
            OrtApi.Check(OrtApi.CreateSession(env.Value, file, optionsLease.Value, &session));
        }

        var handle = new OrtSessionHandle(session, environment.Handle);
        try
        {
            return new OrtSession(handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Runs the model once, on the calling thread and the shared pool.</summary>
    /// <param name="options">Stops the run when terminated.</param>
    /// <param name="inputs">One tensor per input, in the order of <see cref="Inputs"/>. All of them: the engine does not
    /// notice a missing one.</param>
    /// <param name="outputs">Indices into <see cref="Outputs"/>: what to compute.</param>
    /// <returns>One tensor per requested output; the caller disposes them.</returns>
    /// <exception cref="OrtException">The run failed or was terminated.</exception>
    public OrtTensor[] Run(OrtRunOptions options, ReadOnlySpan<OrtTensor> inputs, ReadOnlySpan<int> outputs)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(inputs.Length, Inputs.Count, nameof(inputs));
        using var session = handle.Use();
        using var run = options.Handle.Use();
        Span<nint> inputNames = inputs.Length <= OnStack ? stackalloc nint[inputs.Length] : new nint[inputs.Length];
        Span<nint> inputValues = inputs.Length <= OnStack ? stackalloc nint[inputs.Length] : new nint[inputs.Length];
        Span<nint> outputNames = outputs.Length <= OnStack ? stackalloc nint[outputs.Length] : new nint[outputs.Length];
        Span<nint> outputValues = outputs.Length <= OnStack ? stackalloc nint[outputs.Length] : new nint[outputs.Length];
        for (var i = 0; i < inputs.Length; i++)
        {
            inputNames[i] = Inputs[i].NamePointer;
            // The caller keeps the tensors for the length of this call, so the raw handle is safe here.
            inputValues[i] = inputs[i].Handle.DangerousGetHandle();
        }

        for (var i = 0; i < outputs.Length; i++)
        {
            outputNames[i] = Outputs[outputs[i]].NamePointer;
        }

        outputValues.Clear();
        fixed (nint* inNames = inputNames, inValues = inputValues, outNames = outputNames, outValues = outputValues)
        {
            OrtApi.Check(OrtApi.Run(
                session.Value, run.Value, (byte**)inNames, inValues, (nuint)inputs.Length, (byte**)outNames, (nuint)outputs.Length, outValues));
        }

        return Adopt(outputValues);
    }

    public void Dispose() => handle.Dispose();

    private static OrtTensor[] Adopt(ReadOnlySpan<nint> values)
    {
        var tensors = new OrtTensor[values.Length];
        var adopted = 0;
        try
        {
            for (; adopted < tensors.Length; adopted++)
            {
                tensors[adopted] = OrtTensor.Adopt(values[adopted]);
            }
        }
        catch
        {
            // Adopt has released the value it failed on; the ones before and after it are still ours.
            for (var i = 0; i < tensors.Length; i++)
            {
                tensors[i]?.Dispose();
                if (i > adopted && values[i] != 0)
                {
                    OrtApi.ReleaseValue(values[i]);
                }
            }

            throw;
        }

        return tensors;
    }

    private static OrtTensorInfo Describe(
        nint session,
        nuint index,
        delegate* unmanaged<nint, nuint, nint, byte**, nint> getName,
        delegate* unmanaged<nint, nuint, nint*, nint> getType)
    {
        nint allocator = 0;
        OrtApi.Check(OrtApi.GetAllocatorWithDefaultOptions(&allocator));
        byte* text = null;
        OrtApi.Check(getName(session, index, allocator, &text));
        string name;
        try
        {
            name = Marshal.PtrToStringUTF8((nint)text) ?? string.Empty;
        }
        finally
        {
            OrtApi.Check(OrtApi.AllocatorFree(allocator, text));
        }

        nint typeInfo = 0;
        OrtApi.Check(getType(session, index, &typeInfo));
        using var owned = new OrtTypeInfoHandle(typeInfo);
        return OrtTensorInfo.Create(name, typeInfo);
    }
}
