using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>
/// One output as its request sees it: a whole tensor, or its rows of a tensor that it shares with the requests it was
/// run with. It only looks: the <see cref="InferResult"/> it came from keeps the memory.
/// </summary>
internal readonly struct OutputView
{
    private readonly OrtTensor tensor;
    private readonly long firstElement;

    private OutputView(OrtTensor tensor, long[] shape, long firstElement, long elementCount)
    {
        this.tensor = tensor;
        this.firstElement = firstElement;
        Shape = shape;
        ElementCount = elementCount;
    }

    /// <summary>Type of each element.</summary>
    public OrtElementType ElementType => tensor.ElementType;

    /// <summary>Extent of each dimension; empty for a scalar.</summary>
    public long[] Shape { get; }

    /// <summary>Product of the shape.</summary>
    public long ElementCount { get; }

    /// <summary>Shows a whole tensor.</summary>
    public static OutputView Of(OrtTensor tensor) => new(tensor, tensor.Shape, 0, tensor.ElementCount);

    /// <summary>Shows rows of a tensor of numbers: extents of its first dimension.</summary>
    /// <param name="tensor">At least one dimension.</param>
    /// <param name="firstRow">From 0.</param>
    /// <param name="rows">How many.</param>
    public static OutputView Rows(OrtTensor tensor, long firstRow, long rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstRow + rows, tensor.Shape[0], nameof(rows));
        var perRow = tensor.Shape[0] == 0 ? 0 : tensor.ElementCount / tensor.Shape[0];
        var shape = (long[])tensor.Shape.Clone();
        shape[0] = rows;
        return new OutputView(tensor, shape, firstRow * perRow, rows * perRow);
    }

    /// <summary>The elements in row-major order. Not for strings, and not after the result was disposed.</summary>
    /// <typeparam name="T">The type of an element, or bytes.</typeparam>
    public unsafe ReadOnlySpan<T> Data<T>() where T : unmanaged
    {
        var size = ElementType.Size();
        return tensor.Data<T>().Slice(checked((int)(firstElement * size / sizeof(T))), checked((int)(ElementCount * size / sizeof(T))));
    }

    /// <summary>The strings of a string tensor, as the bytes the model produced (usually UTF-8), back to back.</summary>
    /// <param name="offsets">Where each string starts.</param>
    public byte[] StringBytes(out nuint[] offsets) => tensor.StringBytes(out offsets);
}
