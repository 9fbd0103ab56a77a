using Ops.Runtime.Inference;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Scheduling;

/// <summary>The tensors of several requests as those of one run, and back.</summary>
internal static class MergedRun
{
    /// <summary>Copies the rows of all requests, one behind the other, into one tensor per input.</summary>
    /// <param name="batch">At least one request, all alike.</param>
    /// <param name="rows">Of all together.</param>
    /// <returns>The caller disposes them.</returns>
    public static OrtTensor[] Inputs(List<PendingRequest> batch, long rows)
    {
        var first = batch[0].Request.Inputs;
        var merged = new OrtTensor[first.Length];
        try
        {
            for (var i = 0; i < merged.Length; i++)
            {
                var shape = (long[])first[i].Shape.Clone();
                shape[0] = rows;
                merged[i] = OrtTensor.Allocate(first[i].ElementType, shape);
                var rest = merged[i].Data<byte>();
                foreach (var pending in batch)
                {
                    var part = pending.Request.Inputs[i].Data<byte>();
                    part.CopyTo(rest);
                    rest = rest[part.Length..];
                }
            }

            return merged;
        }
        catch
        {
            Dispose(merged);
            throw;
        }
    }

    /// <summary>Every output that any of the requests asks for, once.</summary>
    public static int[] Outputs(List<PendingRequest> batch)
    {
        var first = batch[0].Request.Outputs;
        var all = new List<int>(first.Length);
        RequestedOutput[]? last = null;
        foreach (var pending in batch)
        {
            // Most requests ask for everything, with the very same array.
            if (pending.Request.Outputs != last)
            {
                last = pending.Request.Outputs;
                foreach (var output in last)
                {
                    if (!all.Contains(output.Index))
                    {
                        all.Add(output.Index);
                    }
                }
            }
        }

        return [.. all];
    }

    /// <summary>Whether every output has a row per row of the inputs.</summary>
    public static bool HasRows(OrtTensor[] outputs, long rows)
    {
        foreach (var output in outputs)
        {
            if (output.Shape.Length == 0 || output.Shape[0] != rows || output.ElementType == OrtElementType.String)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Shows a request its rows of what it asked for.</summary>
    /// <param name="request">Whose.</param>
    /// <param name="outputs">Of the run.</param>
    /// <param name="indices">Which outputs of the model they are.</param>
    /// <param name="firstRow">Where the request's rows begin.</param>
    /// <param name="rows">How many it has.</param>
    public static OutputView[] Views(InferRequest request, OrtTensor[] outputs, int[] indices, long firstRow, long rows)
    {
        var views = new OutputView[request.Outputs.Length];
        for (var i = 0; i < views.Length; i++)
        {
            views[i] = OutputView.Rows(outputs[Array.IndexOf(indices, request.Outputs[i].Index)], firstRow, rows);
        }

        return views;
    }

    public static void Dispose(OrtTensor?[] tensors)
    {
        foreach (var tensor in tensors)
        {
            tensor?.Dispose();
        }
    }
}
