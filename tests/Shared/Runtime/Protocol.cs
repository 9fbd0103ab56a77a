using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Ops.Testing.Runtime;

/// <summary>One way of asking a server.</summary>
/// <param name="Name">What options and the table call it.</param>
/// <param name="Request">Prepares a request.</param>
/// <param name="Connect">Makes a client; null when the server does not listen for this protocol.</param>
/// <param name="Values">Reads the elements of the only output from an answer.</param>
internal sealed record Protocol(string Name, Func<InferBodies, byte[]> Request, Func<Endpoints, IWireClient?> Connect, Func<byte[], int, float[]> Values)
{
    public static readonly Protocol Binary = new("binary", b => b.HttpBinary(), e => new WireHttpClient(e.Http), Tail);

    public static readonly Protocol Json = new("json", b => b.HttpJson(), e => new WireHttpClient(e.Http), FromJson);

    public static readonly Protocol Grpc = new("grpc", b => b.Grpc(), e => e.Grpc is { } grpc ? new WireGrpcClient(grpc) : null, Tail);

    public static readonly Protocol[] All = [Binary, Json, Grpc];

    /// <exception cref="FormatException">There is none by that name.</exception>
    public static Protocol Named(string name) => All.FirstOrDefault(p => p.Name == name) ?? throw new FormatException($"There is no protocol {name}.");

    /// <summary>Asks once and compares the answer with the engine's own.</summary>
    /// <returns>Null when it is right; otherwise what is wrong.</returns>
    public string? Check(Endpoints endpoints, InferBodies bodies, float[] expected)
    {
        using var client = Connect(endpoints);
        if (client is null)
        {
            return "not offered";
        }

        var status = client.Exchange(Request(bodies));
        if (status != 200)
        {
            return $"answered {status}: {Encoding.UTF8.GetString(client.Body[..Math.Min(200, client.Body.Length)])}";
        }

        return IsRight(client.Body, expected) ? null : "the answer differs from the engine's";
    }

    /// <summary>Whether an answer holds these elements, but for what the order of additions changes.</summary>
    public bool IsRight(ReadOnlySpan<byte> body, float[] expected)
    {
        var values = Values(body.ToArray(), expected.Length);
        var tolerance = 1e-3f * expected.Max(Math.Abs);
        return values.Length == expected.Length && values.Zip(expected).All(p => Math.Abs(p.First - p.Second) <= tolerance);
    }

    /// <summary>Both binary forms end with the elements.</summary>
    private static float[] Tail(byte[] body, int count) =>
        body.Length < count * sizeof(float) ? [] : MemoryMarshal.Cast<byte, float>(body.AsSpan(body.Length - (count * sizeof(float)))).ToArray();

    private static float[] FromJson(byte[] body, int count)
    {
        using var document = JsonDocument.Parse(body);
        return [.. document.RootElement.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(e => e.GetSingle())];
    }
}

/// <summary>Where a server listens.</summary>
/// <param name="Http">For HTTP/1.1.</param>
/// <param name="Grpc">For gRPC; null when it has none.</param>
internal sealed record Endpoints(Uri Http, Uri? Grpc);
