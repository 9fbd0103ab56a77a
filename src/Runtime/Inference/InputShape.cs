using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>Checks what a request says about an input against the model.</summary>
internal static class InputShape
{
    /// <summary>Checks type and shape.</summary>
    /// <returns>The number of elements.</returns>
    /// <exception cref="ProtocolException">They are not what the model expects.</exception>
    public static long Check(OrtTensorInfo input, string datatype, long[] shape)
    {
        var expected = ProtocolTypes.Name(input.ElementType);
        if (datatype != expected)
        {
            throw ProtocolException.BadRequest($"The input '{input.Name}' must have datatype {expected}.");
        }

        var fits = shape.Length == input.Shape.Length;
        for (var i = 0; fits && i < shape.Length; i++)
        {
            fits = input.Shape[i] < 0 || input.Shape[i] == shape[i];
        }

        if (!fits)
        {
            throw ProtocolException.BadRequest(
                $"The input '{input.Name}' has shape [{string.Join(',', shape)}]; the model expects [{string.Join(',', input.Shape)}], where -1 takes any extent.");
        }

        try
        {
            var count = 1L;
            foreach (var extent in shape)
            {
                count = checked(count * extent);
            }

            return count;
        }
        catch (OverflowException)
        {
            throw ProtocolException.BadRequest($"The shape of input '{input.Name}' is too large.");
        }
    }
}
