namespace Ops.Runtime.OnnxRuntime;

/// <content>Memory for outputs before a run.</content>
internal sealed partial class OrtSession
{
    /// <returns>Null when only the run will tell the shape of an output.</returns>
    private OrtTensor[]? TryAllocate(ReadOnlySpan<OrtTensor> inputs, ReadOnlySpan<int> outputs)
    {
        var results = new OrtTensor[outputs.Length];
        for (var i = 0; i < results.Length; i++)
        {
            if (!shapes.TryGet(outputs[i], inputs, out var shape))
            {
                Release(results);
                return null;
            }

            results[i] = OrtTensor.Allocate(Outputs[outputs[i]].ElementType, shape);
            // Should the engine ever leave some of it alone, nobody sees what another request had there.
            results[i].Data<byte>().Clear();
        }

        return results;
    }

    /// <summary>Whether the engine writes an output into memory that it is given. It does not where a model hands an input or a
    /// constant through. Shown by memory of which every bit is wrong before.</summary>
    private bool? IsWritten(OrtRunOptions options, ReadOnlySpan<OrtTensor> inputs, int output, OrtTensor result)
    {
        if (result.ByteLength == 0)
        {
            return null;
        }

        using var probe = OrtTensor.Allocate(result.ElementType, result.Shape);
        var memory = probe.Data<byte>();
        ReadOnlySpan<byte> right = result.Data<byte>();
        for (var i = 0; i < memory.Length; i++)
        {
            memory[i] = (byte)~right[i];
        }

        try
        {
            Run(options, inputs, [output], [probe]);
        }
        catch (OrtException)
        {
            return null;
        }

        for (var i = 0; i < memory.Length; i++)
        {
            if (memory[i] != (byte)~right[i])
            {
                return true;
            }
        }

        return false;
    }

    private static void Release(OrtTensor?[] tensors)
    {
        foreach (var tensor in tensors)
        {
            tensor?.Dispose();
        }
    }
}
