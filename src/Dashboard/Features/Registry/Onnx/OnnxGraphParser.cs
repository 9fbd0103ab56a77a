namespace Ops.Dashboard.Features.Registry.Onnx;

/// <summary>Walks graphs, nodes, their attributes (which may hold graphs again) and functions.</summary>
internal sealed class OnnxGraphParser(ProtoReader proto, OnnxReadLimits limits, OnnxTally tally, OnnxTensorParser tensors)
{
    private readonly OnnxValueParser values = new(proto, limits);

    /// <summary>Reads the GraphProto in the current field.</summary>
    /// <param name="depth">How many graphs are around this one; only the outermost keeps names.</param>
    public async ValueTask<OnnxGraphSummary> GraphAsync(int depth)
    {
        if (depth > limits.MaxGraphDepth)
        {
            throw new OnnxRefusedException(OnnxRefusalCodes.TooDeep, $"The model has graphs inside graphs more than {limits.MaxGraphDepth} levels deep. Simplify the loops and conditions of the model.");
        }

        var end = proto.Enter();
        var graph = new OnnxGraphSummary();
        while (await proto.NextAsync(end))
        {
            switch (proto.Field)
            {
                case 1: graph.AddParameters(await NodeAsync(depth)); break;
                case 2 when depth == 0: graph.Name = await proto.NameAsync(); break;
                case 5: AddInitializer(graph, await tensors.TensorAsync(), depth); break;
                case 15: AddInitializer(graph, await tensors.SparseTensorAsync(), depth); break;
                case 11: await AddValueAsync(graph, graph.Inputs, depth); break;
                case 12: await AddValueAsync(graph, graph.Outputs, depth); break;
                default: break;
            }
        }

        return graph;
    }

    /// <summary>Reads the FunctionProto in the current field.</summary>
    public async ValueTask FunctionAsync()
    {
        var end = proto.Enter();
        var (domain, name, overload) = ("", "", "");
        tally.EnterFunction();
        while (await proto.NextAsync(end))
        {
            switch (proto.Field)
            {
                case 1: name = await proto.NameAsync(); break;
                case 7: await NodeAsync(0); break;
                case 10: domain = await proto.NameAsync(); break;
                case 11: await AttributeAsync(0); break;
                case 13: overload = await proto.NameAsync(); break;
                default: break;
            }
        }

        tally.LeaveFunction(new OnnxOperator(Standard(domain), name, overload));
    }

    /// <summary>The domain as people write it: files leave the standard one empty.</summary>
    public static string Standard(string domain) => domain.Length == 0 ? OnnxOperators.StandardDomain : domain;

    // Returns the parameters of graphs inside the node.
    private async ValueTask<long> NodeAsync(int depth)
    {
        var end = proto.Enter();
        var (domain, name, overload) = ("", "", "");
        var parameters = 0L;
        while (await proto.NextAsync(end))
        {
            switch (proto.Field)
            {
                case 4: name = await proto.NameAsync(); break;
                case 5: parameters = OnnxGraphSummary.Add(parameters, await AttributeAsync(depth)); break;
                case 7: domain = await proto.NameAsync(); break;
                case 8: overload = await proto.NameAsync(); break;
                default: break;
            }
        }

        if (name.Length == 0)
        {
            throw OnnxRefusedException.Malformed("a node does not say which operator it is");
        }

        tally.Node(new OnnxOperator(Standard(domain), name, overload));
        return parameters;
    }

    private async ValueTask<long> AttributeAsync(int depth)
    {
        var end = proto.Enter();
        var parameters = 0L;
        var seen = 0;
        while (await proto.NextAsync(end))
        {
            switch (proto.Field)
            {
                case 5 or 6 or 22 when (seen & (1 << proto.Field)) != 0:
                    // A protobuf library would merge the two; what they become together was never checked.
                    throw OnnxRefusedException.Malformed("an attribute holds two graphs or tensors where it can hold one");
                case 6 or 11:
                    seen |= 1 << proto.Field;
                    parameters = OnnxGraphSummary.Add(parameters, (await GraphAsync(depth + 1)).Parameters);
                    break;
                case 5 or 10:
                    seen |= 1 << proto.Field;
                    await tensors.TensorAsync();
                    break;
                case 22 or 23:
                    seen |= 1 << proto.Field;
                    await tensors.SparseTensorAsync();
                    break;
                default: break;
            }
        }

        return parameters;
    }

    private void AddInitializer(OnnxGraphSummary graph, OnnxTensorSummary tensor, int depth)
    {
        graph.AddParameters(tensor.Elements);
        if (depth == 0 && graph.Initializers.Add(tensor.Name))
        {
            tally.Keep(tensor.Name);
        }
    }

    private async ValueTask AddValueAsync(OnnxGraphSummary graph, List<OnnxValueInfo> into, int depth)
    {
        if (depth > 0)
        {
            return;
        }

        // Old files list every weight as an input too. Weights come first in a file, so most need not be kept.
        var value = await values.ValueAsync();
        if (ReferenceEquals(into, graph.Inputs) && graph.Initializers.Contains(value.Name))
        {
            return;
        }

        if (into.Count >= limits.MaxValues)
        {
            throw OnnxRefusedException.TooMany("inputs or outputs", limits.MaxValues);
        }

        tally.Keep(value.Name);
        foreach (var dimension in value.Shape ?? [])
        {
            tally.Keep(dimension.Name ?? "");
        }

        into.Add(value);
    }
}

/// <summary>What is kept of a graph.</summary>
internal sealed class OnnxGraphSummary
{
    public string Name { get; set; } = "";

    public long Parameters { get; private set; }

    public HashSet<string> Initializers { get; } = new(StringComparer.Ordinal);

    public List<OnnxValueInfo> Inputs { get; } = [];

    public List<OnnxValueInfo> Outputs { get; } = [];

    public void AddParameters(long more) => Parameters = Add(Parameters, more);

    /// <summary>Adds counts, refusing a sum that no real model can have.</summary>
    public static long Add(long one, long other) => one > long.MaxValue - other
        ? throw new OnnxRefusedException(OnnxRefusalCodes.Dimensions, "The tensors of the model hold more numbers than any machine can. Export the model again.")
        : one + other;
}
