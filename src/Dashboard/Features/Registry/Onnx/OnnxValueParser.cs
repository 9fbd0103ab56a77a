namespace Ops.Dashboard.Features.Registry.Onnx;

/// <summary>Reads what a graph says about its inputs and outputs.</summary>
internal sealed class OnnxValueParser(ProtoReader proto, OnnxReadLimits limits)
{
    /// <summary>Reads the ValueInfoProto in the current field.</summary>
    public async ValueTask<OnnxValueInfo> ValueAsync()
    {
        var end = proto.Enter();
        var name = "";
        ValueType? type = null;
        while (await proto.NextAsync(end))
        {
            switch (proto.Field)
            {
                case 1: name = await proto.NameAsync(); break;
                case 2 when type is null: type = await TypeAsync(0); break;
                case 2: throw OnnxRefusedException.Malformed("an input or output has two types");
                default: break;
            }
        }

        type ??= ValueType.Unknown;
        RefuseOverflow(name, type.Shape);
        var element = OnnxElementTypes.Find(type.ElementType);
        return new OnnxValueInfo
        {
            Name = name,
            Kind = type.Kind,
            ElementType = element?.Name,
            Datatype = type.Kind == OnnxValueKind.Tensor ? element?.Datatype : null,
            Shape = type.Shape,
        };
    }

    private async ValueTask<ValueType> TypeAsync(int depth)
    {
        if (depth > limits.MaxNesting)
        {
            throw new OnnxRefusedException(OnnxRefusalCodes.TooDeep, $"An input or output of the model is a type inside a type more than {limits.MaxNesting} times over. Export the model with plainer inputs and outputs.");
        }

        var end = proto.Enter();
        var type = ValueType.Unknown;
        while (await proto.NextAsync(end))
        {
            type = proto.Field switch
            {
                1 => await TensorTypeAsync(OnnxValueKind.Tensor),
                4 => await InnerTypeAsync(OnnxValueKind.Sequence, 1, depth),
                5 => await InnerTypeAsync(OnnxValueKind.Map, 2, depth),
                7 => new ValueType(OnnxValueKind.Opaque, 0, null),
                8 => await TensorTypeAsync(OnnxValueKind.SparseTensor),
                9 => await InnerTypeAsync(OnnxValueKind.Optional, 1, depth),
                _ => type,
            };
        }

        return type;
    }

    // Of a sequence, map or optional the innermost element type is kept: it is what a person wants to know.
    private async ValueTask<ValueType> InnerTypeAsync(OnnxValueKind kind, int innerField, int depth)
    {
        var inner = ValueType.Unknown;
        for (var end = proto.Enter(); await proto.NextAsync(end);)
        {
            if (proto.Field == innerField)
            {
                inner = await TypeAsync(depth + 1);
            }
        }

        return new ValueType(kind, inner.ElementType, null);
    }

    private async ValueTask<ValueType> TensorTypeAsync(OnnxValueKind kind)
    {
        var elementType = 0L;
        List<OnnxDimension>? shape = null;
        for (var end = proto.Enter(); await proto.NextAsync(end);)
        {
            switch (proto.Field)
            {
                case 1: elementType = proto.Int64(); break;
                case 2: shape = await ShapeAsync(); break;
                default: break;
            }
        }

        return new ValueType(kind, elementType, shape);
    }

    private async ValueTask<List<OnnxDimension>> ShapeAsync()
    {
        var shape = new List<OnnxDimension>();
        for (var end = proto.Enter(); await proto.NextAsync(end);)
        {
            if (proto.Field != 1)
            {
                continue;
            }

            shape.Add(await DimensionAsync());
            if (shape.Count > limits.MaxRank)
            {
                throw OnnxRefusedException.TooMany("dimensions in one input or output", limits.MaxRank);
            }
        }

        return shape;
    }

    private async ValueTask<OnnxDimension> DimensionAsync()
    {
        var dimension = new OnnxDimension(null, null);
        for (var end = proto.Enter(); await proto.NextAsync(end);)
        {
            dimension = proto.Field switch
            {
                1 => Fixed(proto.Int64()),
                2 => await proto.NameAsync() is { Length: > 0 } name ? new(null, name) : new(null, null),
                _ => dimension,
            };
        }

        return dimension;
    }

    // Some exporters write -1 where they mean "any size".
    private static OnnxDimension Fixed(long size) => size switch
    {
        >= 0 => new(size, null),
        -1 => new(null, null),
        _ => throw new OnnxRefusedException(OnnxRefusalCodes.Dimensions, $"An input or output of the model has the dimension {size}. Export the model again with sizes of zero or more, or names for sizes that vary."),
    };

    private static void RefuseOverflow(string name, IReadOnlyList<OnnxDimension>? shape)
    {
        Int128 product = 1;
        foreach (var dimension in shape ?? [])
        {
            product *= dimension.Size ?? 1;
            if (product > long.MaxValue)
            {
                throw new OnnxRefusedException(OnnxRefusalCodes.Dimensions, $"The dimensions of {OnnxRefusedException.Quote(name)} multiply to more than any machine can hold. Export the model again.");
            }
        }
    }

    private sealed record ValueType(OnnxValueKind Kind, long ElementType, IReadOnlyList<OnnxDimension>? Shape)
    {
        public static ValueType Unknown { get; } = new(OnnxValueKind.Unknown, 0, null);
    }
}
