using System.Buffers.Binary;
using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Ops.Runtime.Tests.Support;

/// <summary>Puts requests of the binary tensor data extension together, and takes answers apart.</summary>
internal static class BinaryRequest
{
    public const string Header = "Inference-Header-Content-Length";

    /// <summary>A body: the JSON and the tensors behind it.</summary>
    public static byte[] Body(string json, params byte[][] tensors) => [.. Encoding.UTF8.GetBytes(json), .. tensors.SelectMany(t => t)];

    /// <summary>An input of the JSON whose data follows.</summary>
    public static string Input(string name, string type, string shape, long size) =>
        $"{{\"name\":\"{name}\",\"datatype\":\"{type}\",\"shape\":{shape},\"parameters\":{{\"binary_data_size\":{size}}}}}";

    public static byte[] Bytes<T>(params T[] values) where T : unmanaged => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    /// <summary>Strings as the extension carries them.</summary>
    public static byte[] Strings(params byte[][] values) =>
        [.. values.SelectMany(v =>
        {
            var prefix = new byte[4];
            BinaryPrimitives.WriteUInt32LittleEndian(prefix, (uint)v.Length);
            return prefix.Concat(v);
        })];

    public static HttpContent Content(byte[] body, string? headLength)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        if (headLength is not null)
        {
            content.Headers.TryAddWithoutValidation(Header, headLength);
        }

        return content;
    }

    public static async Task<BinaryAnswer> PostBinaryAsync(this TestServer server, string path, string json, params byte[][] tensors)
    {
        using var content = Content(Body(json, tensors), Encoding.UTF8.GetByteCount(json).ToString(CultureInfo.InvariantCulture));
        using var response = await server.Http.PostAsync(path, content);
        return await BinaryAnswer.ReadAsync(response);
    }
}

/// <summary>An answer: its JSON and, per output that came in binary, the bytes behind it.</summary>
internal sealed record BinaryAnswer(int Status, JsonElement Json, Dictionary<string, byte[]> Tensors, string? ContentType)
{
    public string Error => Json.GetProperty("error").GetString()!;

    public static async Task<BinaryAnswer> ReadAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsByteArrayAsync();
        var binary = response.Headers.TryGetValues(BinaryRequest.Header, out var values) || response.Content.Headers.TryGetValues(BinaryRequest.Header, out values);
        var head = binary ? int.Parse(values!.Single(), CultureInfo.InvariantCulture) : body.Length;
        var json = JsonDocument.Parse(body.AsMemory(0, head)).RootElement.Clone();
        var tensors = new Dictionary<string, byte[]>();
        if (json.TryGetProperty("outputs", out var outputs))
        {
            foreach (var output in outputs.EnumerateArray().Where(o => o.TryGetProperty("parameters", out _)))
            {
                Assert.False(output.TryGetProperty("data", out _), "An output came twice.");
                var size = output.GetProperty("parameters").GetProperty("binary_data_size").GetInt32();
                tensors.Add(output.GetProperty("name").GetString()!, body[head..(head + size)]);
                head += size;
            }
        }

        Assert.Equal(body.Length, head);
        return new BinaryAnswer((int)response.StatusCode, json, tensors, response.Content.Headers.ContentType?.MediaType);
    }

    /// <summary>The strings of an output that came in binary.</summary>
    public byte[][] Strings(string output)
    {
        var strings = new List<byte[]>();
        for (var rest = Tensors[output].AsSpan(); !rest.IsEmpty;)
        {
            var length = (int)BinaryPrimitives.ReadUInt32LittleEndian(rest);
            strings.Add(rest.Slice(4, length).ToArray());
            rest = rest[(4 + length)..];
        }

        return [.. strings];
    }
}
