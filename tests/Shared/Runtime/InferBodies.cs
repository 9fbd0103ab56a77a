using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Ops.Testing.Runtime;

/// <summary>The same inference request with one FP32 input, in the bytes of each protocol.</summary>
/// <param name="Model">Name of the model.</param>
/// <param name="Input">Name of its input.</param>
/// <param name="Output">Name of its output.</param>
/// <param name="Shape">Extents of the input.</param>
/// <param name="Data">Its elements, row by row.</param>
internal sealed record InferBodies(string Model, string Input, string Output, long[] Shape, float[] Data)
{
    private string Extents => string.Join(',', Shape);

    /// <summary>An HTTP request with the elements as JSON.</summary>
    public byte[] HttpJson()
    {
        var data = string.Join(',', Data.Select(d => d.ToString("R", CultureInfo.InvariantCulture)));
        return Post(Encoding.ASCII.GetBytes($$"""{"inputs":[{"name":"{{Input}}","datatype":"FP32","shape":[{{Extents}}],"data":[{{data}}]}]}"""), string.Empty);
    }

    /// <summary>An HTTP request with the elements behind the JSON header, asking for such an answer.</summary>
    public byte[] HttpBinary()
    {
        var bytes = MemoryMarshal.AsBytes<float>(Data);
        var header = Encoding.ASCII.GetBytes(
            $$$"""{"inputs":[{"name":"{{{Input}}}","datatype":"FP32","shape":[{{{Extents}}}],"parameters":{"binary_data_size":{{{bytes.Length}}}}}],"outputs":[{"name":"{{{Output}}}","parameters":{"binary_data":true}}]}""");
        return Post([.. header, .. bytes], $"Inference-Header-Content-Length: {header.Length}\r\n");
    }

    /// <summary>A <c>ModelInferRequest</c> with the elements in <c>raw_input_contents</c>.</summary>
    public byte[] Grpc() => Protobuf.Join(
        Protobuf.Text(1, Model),
        Protobuf.Message(5, Protobuf.Text(1, Input), Protobuf.Text(2, "FP32"), Protobuf.Packed(3, Shape)),
        Protobuf.Delimited(7, MemoryMarshal.AsBytes<float>(Data)));

    /// <summary>An HTTP request whose JSON ends in the middle.</summary>
    public byte[] HttpBroken() => Post(Encoding.ASCII.GetBytes($$"""{"inputs":[{"name":"{{Input}}","datatype":"FP32","shape":[{{Extents}}],"data":[0.5,"""), string.Empty);

    private byte[] Post(byte[] body, string header)
    {
        var type = header.Length > 0 ? "application/octet-stream" : "application/json";
        return [.. Encoding.ASCII.GetBytes($"POST /v2/models/{Model}/infer HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {type}\r\n{header}Content-Length: {body.Length}\r\n\r\n"), .. body];
    }
}
