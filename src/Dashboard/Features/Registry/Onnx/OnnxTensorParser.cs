namespace Ops.Dashboard.Features.Registry.Onnx;

/// <summary>Reads tensors without their contents, checking that shape, type and size agree.</summary>
internal sealed class OnnxTensorParser(ProtoReader proto, OnnxReadLimits limits, OnnxExternalData external)
{
    private int tensors;

    /// <summary>Reads the TensorProto in the current field.</summary>
    /// <param name="partOfSparse">True for the values or indices of a sparse tensor, which must not be external.</param>
    public async ValueTask<OnnxTensorSummary> TensorAsync(bool partOfSparse = false)
    {
        if (++tensors > limits.MaxTensors)
        {
            throw OnnxRefusedException.TooMany("tensors", limits.MaxTensors);
        }

        var end = proto.Enter();
        var dims = new List<long>();
        var entries = new List<KeyValuePair<string, string>>();
        var (name, type, isExternal) = ("", 0L, false);
        long? raw = null;
        var (typed, strings) = (0L, 0L);
        while (await proto.NextAsync(end))
        {
            switch (proto.Field)
            {
                case 1: await AddDimensionsAsync(dims); break;
                case 2: type = proto.Int64(); break;
                case 4 or 5 or 7 or 10 or 11: typed += proto.WireType == ProtoWireType.Varint ? 1 : proto.Length; break;
                case 6: strings++; break;
                case 8: name = await proto.NameAsync(); break;
                case 9: raw = RawBytes(); break;
                case 13: entries.Add(await EntryAsync()); break;
                case 14: isExternal = DataLocation(proto.Int64()); break;
                default: break;
            }

            if (entries.Count > 16)
            {
                throw OnnxRefusedException.TooMany("entries for the external data of one tensor", 16);
            }
        }

        var elements = Elements(name, dims);
        var elementType = OnnxElementTypes.Find(type)
            ?? throw OnnxRefusedException.Malformed($"tensor {OnnxRefusedException.Quote(name)} has the element type {type}, which ONNX does not define");
        if (isExternal || entries.Count > 0)
        {
            if (partOfSparse)
            {
                throw new OnnxRefusedException(OnnxRefusalCodes.SparseExternal, "A sparse tensor of the model keeps its values or indices in an external file, which no runtime reads safely. Export the model with sparse tensors inside the model file.");
            }

            external.Use(name, entries, elementType.BytesFor(elements));
        }
        else
        {
            RefuseWrongSize(name, elements, elementType, raw, typed, strings);
        }

        return new OnnxTensorSummary(name, elements);
    }

    /// <summary>Reads the SparseTensorProto in the current field; its elements are the stored values.</summary>
    public async ValueTask<OnnxTensorSummary> SparseTensorAsync()
    {
        var end = proto.Enter();
        var dims = new List<long>();
        OnnxTensorSummary? values = null, indices = null;
        while (await proto.NextAsync(end))
        {
            switch (proto.Field)
            {
                case 1 when values is null: values = await TensorAsync(partOfSparse: true); break;
                case 2 when indices is null: indices = await TensorAsync(partOfSparse: true); break;
                case 3: await AddDimensionsAsync(dims); break;
                case 1 or 2: throw OnnxRefusedException.Malformed("a sparse tensor has its values or indices twice");
                default: break;
            }
        }

        var name = values?.Name ?? "";
        return Elements(name, dims) >= (values?.Elements ?? 0)
            ? new OnnxTensorSummary(name, values?.Elements ?? 0)
            : throw new OnnxRefusedException(OnnxRefusalCodes.TensorSize, $"Sparse tensor {OnnxRefusedException.Quote(name)} stores more values than its shape has room for. Export the model again.");
    }

    // Only the length: the content is skipped on the way to the next field, through a seek where the stream can.
    private long RawBytes() => proto.WireType == ProtoWireType.Bytes
        ? proto.Length
        : throw OnnxRefusedException.Malformed("a tensor's raw data is not written as bytes");

    private async ValueTask AddDimensionsAsync(List<long> dims)
    {
        if (proto.WireType == ProtoWireType.Varint)
        {
            dims.Add(proto.Int64());
        }
        else
        {
            for (var end = proto.Enter(); proto.Position < end && dims.Count <= limits.MaxRank;)
            {
                dims.Add(await proto.PackedInt64Async(end));
            }
        }

        if (dims.Count > limits.MaxRank)
        {
            throw OnnxRefusedException.TooMany("dimensions in one tensor", limits.MaxRank);
        }
    }

    private async ValueTask<KeyValuePair<string, string>> EntryAsync()
    {
        var (key, value) = ("", "");
        for (var end = proto.Enter(); await proto.NextAsync(end);)
        {
            switch (proto.Field)
            {
                case 1: key = await proto.NameAsync(); break;
                case 2: value = await proto.NameAsync(); break;
                default: break;
            }
        }

        return new(key, value);
    }

    private static bool DataLocation(long value) => value switch
    {
        0 => false,
        1 => true,
        _ => throw OnnxRefusedException.Malformed("a tensor keeps its data in a place that ONNX does not define"),
    };

    private static long Elements(string name, List<long> dims)
    {
        Int128 product = 1;
        foreach (var dim in dims)
        {
            if (dim < 0)
            {
                throw new OnnxRefusedException(OnnxRefusalCodes.Dimensions, $"Tensor {OnnxRefusedException.Quote(name)} has the dimension {dim}; a stored tensor needs sizes of zero or more. Export the model again.");
            }

            product *= dim;
            if (product > long.MaxValue)
            {
                throw new OnnxRefusedException(OnnxRefusalCodes.Dimensions, $"The dimensions of tensor {OnnxRefusedException.Quote(name)} multiply to more than any machine can hold. Export the model again.");
            }
        }

        return (long)product;
    }

    // Raw bytes must match exactly. Typed lists may be shorter than one byte per element only where
    // elements are packed (4-bit and 2-bit types); what is promised but absent would be allocated on load.
    private static void RefuseWrongSize(string name, long elements, OnnxElementType type, long? raw, long typed, long strings)
    {
        var fits = raw is { } bytes
            ? type.BytesFor(elements) == bytes
            : type.Bits == 0 ? strings == elements : (Int128)typed * 8 >= (Int128)elements * Math.Min(type.Bits, 8);
        if (!fits)
        {
            throw new OnnxRefusedException(OnnxRefusalCodes.TensorSize, $"Tensor {OnnxRefusedException.Quote(name)} holds more or fewer bytes than its {elements} {type.Name} elements need. Export the model again.");
        }
    }
}

/// <summary>What is kept of a tensor.</summary>
/// <param name="Name">Its name, empty for constants.</param>
/// <param name="Elements">How many numbers it holds.</param>
internal sealed record OnnxTensorSummary(string Name, long Elements);
