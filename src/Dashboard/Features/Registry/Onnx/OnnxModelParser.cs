namespace Ops.Dashboard.Features.Registry.Onnx;

/// <summary>
/// Reads the outermost message, ModelProto. Field numbers here and in the other parsers are those of
/// onnx/onnx.in.proto of the ONNX project at IR version 14.
/// </summary>
internal sealed class OnnxModelParser
{
    private readonly ProtoReader proto;
    private readonly OnnxReadLimits limits;
    private readonly OnnxTally tally;
    private readonly OnnxExternalData external;
    private readonly OnnxGraphParser graphs;
    private readonly Dictionary<string, long> opsets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> metadata = new(StringComparer.Ordinal);
    private int metadataBytes;
    private bool textCut;
    private OnnxGraphSummary? graph;

    public OnnxModelParser(ProtoReader proto, OnnxReadLimits limits, IReadOnlyDictionary<string, long> files)
    {
        this.proto = proto;
        this.limits = limits;
        tally = new OnnxTally(limits);
        external = new OnnxExternalData(files, tally);
        graphs = new OnnxGraphParser(proto, limits, tally, new OnnxTensorParser(proto, limits, external));
    }

    /// <summary>Reads the whole file.</summary>
    public async ValueTask<OnnxModelInfo> ModelAsync()
    {
        long? irVersion = null;
        var modelVersion = 0L;
        var (producer, producerVersion, domain, doc) = ("", "", "", "");
        while (await proto.NextAsync(proto.RootEnd))
        {
            switch (proto.Field)
            {
                case 1: irVersion = proto.Int64(); break;
                case 2: producer = await TextAsync(); break;
                case 3: producerVersion = await TextAsync(); break;
                case 4: domain = await TextAsync(); break;
                case 5: modelVersion = proto.Int64(); break;
                case 6: doc = await TextAsync(); break;
                case 7: await GraphAsync(); break;
                case 8: await OpsetAsync(); break;
                case 14: await MetadataAsync(); break;
                case 20: await TrainingAsync(); break;
                case 25: await graphs.FunctionAsync(); break;
                default: break;
            }
        }

        var main = Complete(irVersion);
        return new OnnxModelInfo
        {
            IrVersion = irVersion.Value,
            OpsetImports = opsets,
            ProducerName = producer,
            ProducerVersion = producerVersion,
            Domain = domain,
            ModelVersion = modelVersion,
            DocString = doc,
            Metadata = metadata,
            TextTruncated = textCut,
            GraphName = main.Name,
            Inputs = [.. main.Inputs.Where(input => !main.Initializers.Contains(input.Name))],
            Outputs = main.Outputs,
            ParameterCount = main.Parameters,
            NodeCount = tally.NodeCount,
            Operators = tally.Histogram(),
            ExternalFiles = external.Files,
        };
    }

    private OnnxGraphSummary Complete([System.Diagnostics.CodeAnalysis.NotNull] long? irVersion)
    {
        if (graph is null)
        {
            throw new OnnxRefusedException(OnnxRefusalCodes.NoGraph, "The file holds no ONNX graph. If it is a model of another kind, give it the name it had before; otherwise export the model again.");
        }

        if (irVersion is null or < 1)
        {
            throw new OnnxRefusedException(OnnxRefusalCodes.NoVersion, "The model does not say which version of the ONNX format it has. Export the model again.");
        }

        if (opsets.Count == 0)
        {
            throw new OnnxRefusedException(OnnxRefusalCodes.NoVersion, "The model does not say which operator set it was written for. Export the model again.");
        }

        if (graph.Outputs.Count == 0)
        {
            throw new OnnxRefusedException(OnnxRefusalCodes.NoOutputs, "The model's graph has no outputs, so it can never answer anything. Export the model with its outputs.");
        }

        RefuseRepeatedNames(graph.Inputs);
        RefuseRepeatedNames(graph.Outputs);
        external.RefuseOverlaps();
        tally.RefuseUnknownOperators();
        return graph;
    }

    private static void RefuseRepeatedNames(List<OnnxValueInfo> values)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var value in values)
        {
            if (value.Name.Length == 0)
            {
                throw OnnxRefusedException.Malformed("an input or output has no name");
            }

            if (!seen.Add(value.Name))
            {
                throw OnnxRefusedException.Malformed($"two inputs or two outputs have the name {OnnxRefusedException.Quote(value.Name)}");
            }
        }
    }

    private async ValueTask GraphAsync()
    {
        if (graph is not null)
        {
            throw OnnxRefusedException.Malformed("it holds two main graphs");
        }

        tally.EnterMainGraph();
        graph = await graphs.GraphAsync(0);
    }

    // The product does not train, but a runtime still parses these graphs, so they must be as harmless as the main one.
    private async ValueTask TrainingAsync()
    {
        for (var end = proto.Enter(); await proto.NextAsync(end);)
        {
            if (proto.Field is 1 or 2)
            {
                tally.EnterTraining();
                await graphs.GraphAsync(1);
            }
        }
    }

    private async ValueTask OpsetAsync()
    {
        var (domain, version) = ("", 0L);
        for (var end = proto.Enter(); await proto.NextAsync(end);)
        {
            switch (proto.Field)
            {
                case 1: domain = await proto.NameAsync(); break;
                case 2: version = proto.Int64(); break;
                default: break;
            }
        }

        // Importing an unknown operator set is common and harmless; using an operator of it is what gets refused.
        opsets[OnnxGraphParser.Standard(domain)] = version;
        if (opsets.Count > 256)
        {
            throw OnnxRefusedException.TooMany("operator sets", 256);
        }
    }

    private async ValueTask MetadataAsync()
    {
        var (key, value) = ("", "");
        for (var end = proto.Enter(); await proto.NextAsync(end);)
        {
            switch (proto.Field)
            {
                case 1: key = await TextAsync(); break;
                case 2: value = await TextAsync(); break;
                default: break;
            }
        }

        metadataBytes += (key.Length + value.Length) * 2;
        if (metadata.Count < limits.MaxMetadataEntries && metadataBytes <= limits.MaxMetadataBytes)
        {
            metadata[key] = value;
        }
        else
        {
            metadataBytes = limits.MaxMetadataBytes + 1;
            textCut = true;
        }
    }

    private async ValueTask<string> TextAsync()
    {
        var (text, cut) = await proto.TextAsync(limits.MaxTextBytes);
        textCut |= cut;
        return text;
    }
}
