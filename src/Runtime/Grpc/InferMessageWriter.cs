using Google.Protobuf;
using Ops.Runtime.Grpc.Protocol;
using Ops.Runtime.Inference;
using Ops.Runtime.Models;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Grpc;

/// <summary>Turns a result into the protocol's message, with raw outputs.</summary>
internal static class InferMessageWriter
{
    /// <summary>Room for names and shapes in the 2 GiB that a message may have.</summary>
    private const int Slack = 16 * 1024 * 1024;

    /// <summary>Makes the message. It shows the outputs' memory, so it must be written before that is gone.</summary>
    /// <exception cref="ProtocolException">413: the outputs are larger than a message can be.</exception>
    public static ModelInferResponse Write(ServedModel model, ModelSignature signature, InferRequest request, OutputView[] outputs)
    {
        var response = new ModelInferResponse { ModelName = model.Name, ModelVersion = model.Version, Id = request.Id ?? string.Empty };
        var total = 0L;
        for (var i = 0; i < outputs.Length; i++)
        {
            var output = outputs[i];
            var described = new ModelInferResponse.Types.InferOutputTensor
            {
                Name = signature.Outputs[request.Outputs[i].Index].Name,
                Datatype = ProtocolTypes.Name(output.ElementType),
            };
            described.Shape.AddRange(output.Shape);
            response.Outputs.Add(described);
            total += output.ElementCount * output.ElementType.Size();
            if (total > int.MaxValue - Slack)
            {
                throw new ProtocolException(StatusCodes.Status413PayloadTooLarge, "The outputs are larger than a gRPC message can be.");
            }

            response.RawOutputContents.Add(UnsafeByteOperations.UnsafeWrap(
                output.ElementType == OrtElementType.String ? RawContents.WriteStrings(output) : new OutputMemory(output).Memory));
        }

        return response;
    }
}
