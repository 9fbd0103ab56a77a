using Google.Protobuf.Collections;
using Ops.Runtime.Grpc.Protocol;
using Ops.Runtime.Inference;
using Ops.Runtime.Models;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Grpc;

/// <summary>Turns the protocol's message into a request that fits its model.</summary>
internal static class InferMessageReader
{
    private const int MaxIdLength = 1024;
    private const long MicrosecondsPerDay = 24L * 60 * 60 * 1_000_000;

    /// <summary>Reads a request.</summary>
    /// <param name="call">The message; the request does not need it any more.</param>
    /// <param name="model">Gives the inputs and outputs there are.</param>
    /// <returns>The request; the caller disposes it.</returns>
    /// <exception cref="ProtocolException">400: the message does not fit the model.</exception>
    public static InferRequest Read(InferCall call, ModelSignature model)
    {
        var message = call.Message;
        if (message.Id.Length > MaxIdLength)
        {
            throw ProtocolException.BadRequest($"The id must be at most {MaxIdLength} characters long.");
        }

        var outputs = ReadOutputs(message, model);
        var parameters = ReadParameters(message.Parameters);
        return new InferRequest(message.Id.Length == 0 ? null : message.Id, ReadInputs(call, model), outputs, parameters);
    }

    private static OrtTensor[] ReadInputs(InferCall call, ModelSignature model)
    {
        var given = call.Message.Inputs;
        if (call.Raw.Count > 0 && call.Raw.Count != given.Count)
        {
            throw ProtocolException.BadRequest($"There are {call.Raw.Count} raw_input_contents for {given.Count} inputs.");
        }

        var inputs = new OrtTensor?[model.Inputs.Count];
        try
        {
            for (var i = 0; i < given.Count; i++)
            {
                // The cast: a bare null would become an empty piece of memory.
                ReadInput(given[i], call.Raw.Count > 0 ? call.Raw[i] : (ReadOnlyMemory<byte>?)null, model, inputs, call.Memory);
            }

            for (var i = 0; i < inputs.Length; i++)
            {
                if (inputs[i] is null)
                {
                    throw ProtocolException.BadRequest($"The input '{model.Inputs[i].Name}' is missing.");
                }
            }

            return inputs!;
        }
        catch
        {
            foreach (var input in inputs)
            {
                input?.Dispose();
            }

            throw;
        }
    }

    private static void ReadInput(ModelInferRequest.Types.InferInputTensor given, ReadOnlyMemory<byte>? raw, ModelSignature model, OrtTensor?[] inputs, RequestMemory memory)
    {
        if (!model.InputIndex.TryGetValue(given.Name, out var index))
        {
            throw ProtocolException.BadRequest($"The model has no input '{given.Name}'.");
        }

        if (inputs[index] is not null)
        {
            throw ProtocolException.BadRequest($"The input '{given.Name}' is given twice.");
        }

        RefuseSharedMemory(given.Parameters);
        if (raw is not null && given.Contents is not null)
        {
            throw ProtocolException.BadRequest($"The input '{given.Name}' has contents, though the request has raw_input_contents.");
        }

        var info = model.Inputs[index];
        var shape = ReadShape(given.Shape);
        var count = model.CheckInput(index, given.Datatype, shape);
        if (info.ElementType == OrtElementType.String)
        {
            var strings = raw is { } bytes ? RawContents.Strings(bytes, info, count) : TypedContents.Strings(given.Contents, info, count);
            memory.TakeTensor(info, count);
            inputs[index] = model.IsPreprocessed(index) ? memory.Added(model.Preprocess(index, strings)) : MakeStrings(shape, strings);
        }
        else
        {
            inputs[index] = raw is { } bytes ? RawContents.Numbers(bytes.Span, info, shape, count, memory) : TypedContents.Numbers(given.Contents, info, shape, count, memory);
        }
    }

    private static OrtTensor MakeStrings(long[] shape, List<ReadOnlyMemory<byte>> strings)
    {
        var tensor = OrtTensor.AllocateStrings(shape);
        try
        {
            for (var i = 0; i < strings.Count; i++)
            {
                tensor.SetString(i, strings[i].Span);
            }

            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private static long[] ReadShape(RepeatedField<long> given)
    {
        if (given.Count > TensorNesting.MaxRank)
        {
            throw ProtocolException.BadRequest($"The shape of an input must have at most {TensorNesting.MaxRank} dimensions.");
        }

        var shape = new long[given.Count];
        for (var i = 0; i < shape.Length; i++)
        {
            shape[i] = given[i] >= 0 ? given[i] : throw ProtocolException.BadRequest("The shape of an input must hold numbers of at least 0.");
        }

        return shape;
    }

    private static RequestedOutput[] ReadOutputs(ModelInferRequest message, ModelSignature model)
    {
        if (message.Outputs.Count == 0)
        {
            return model.EveryOutput;
        }

        var outputs = new RequestedOutput[message.Outputs.Count];
        var seen = new HashSet<int>();
        for (var i = 0; i < outputs.Length; i++)
        {
            var given = message.Outputs[i];
            if (!model.OutputIndex.TryGetValue(given.Name, out var index))
            {
                throw ProtocolException.BadRequest($"The model has no output '{given.Name}'.");
            }

            if (!seen.Add(index))
            {
                throw ProtocolException.BadRequest($"The output '{given.Name}' is asked for twice.");
            }

            RefuseSharedMemory(given.Parameters);
            var classification = (int)(ReadWholeNumber(given.Parameters, "classification", int.MaxValue) ?? 0);
            if (classification > 0 && model.Outputs[index].ElementType is OrtElementType.String or OrtElementType.Bool)
            {
                throw ProtocolException.BadRequest($"The output '{given.Name}' holds no numbers, so it cannot be returned as classes.");
            }

            outputs[i] = new RequestedOutput(index, Binary: true, classification);
        }

        return outputs;
    }

    private static InferParameters ReadParameters(MapField<string, InferParameter> given)
    {
        if (given.Count == 0)
        {
            return InferParameters.Default;
        }

        var priority = ReadWholeNumber(given, "priority", uint.MaxValue);
        var timeout = ReadWholeNumber(given, "timeout", long.MaxValue);
        RefuseSequences(given);
        return new InferParameters((uint)(priority ?? 0), timeout is > 0 ? TimeSpan.FromMicroseconds(Math.Min(timeout.Value, MicrosecondsPerDay)) : null);
    }

    /// <returns>Null when it is not given.</returns>
    private static long? ReadWholeNumber(MapField<string, InferParameter> given, string name, long most)
    {
        if (!given.TryGetValue(name, out var parameter))
        {
            return null;
        }

        var value = parameter.ParameterChoiceCase switch
        {
            InferParameter.ParameterChoiceOneofCase.Int64Param => parameter.Int64Param,
            InferParameter.ParameterChoiceOneofCase.Uint64Param => (long)Math.Min(parameter.Uint64Param, long.MaxValue),
            _ => -1,
        };
        return value >= 0 && value <= most ? value : throw ProtocolException.BadRequest($"The parameter '{name}' must be a whole number from 0 to {most}.");
    }

    /// <summary>Clients say "no sequence" by 0, an empty name and false.</summary>
    private static void RefuseSequences(MapField<string, InferParameter> given)
    {
        foreach (var name in (ReadOnlySpan<string>)["sequence_id", "sequence_start", "sequence_end"])
        {
            if (given.TryGetValue(name, out var parameter) && parameter is not { BoolParam: false, Int64Param: 0, Uint64Param: 0, StringParam: "" })
            {
                throw ProtocolException.BadRequest("Sequences of requests (sequence_id, sequence_start, sequence_end) are not supported.");
            }
        }
    }

    private static void RefuseSharedMemory(MapField<string, InferParameter> given)
    {
        // Nothing else would notice that the tensor is somewhere else than in the message.
        if (given.Count > 0 && given.ContainsKey("shared_memory_region"))
        {
            throw ProtocolException.BadRequest("Shared memory is not supported.");
        }
    }
}
