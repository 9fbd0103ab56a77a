using Ops.Dashboard.Features.Registry.Onnx;

namespace Ops.Dashboard.Tests.Features.Registry.Onnx;

/// <summary>Small ONNX files for tests, and the shortest way to read one.</summary>
internal static class OnnxFile
{
    public const int Float = 1;

    /// <summary>A model that is fine, plus whatever a test adds to its graph or to itself.</summary>
    public static byte[] Model(Action<ProtoWriter>? graph = null, Action<ProtoWriter>? model = null) => ProtoWriter.Build(m =>
    {
        m.Int(1, 9).Text(2, "tests");
        m.Message(7, g =>
        {
            Node(g, "Relu");
            g.Text(2, "g");
            graph?.Invoke(g);
            Value(g, 11, "x", 1, 4);
            Value(g, 12, "y", 1, 4);
        });
        m.Message(8, o => o.Int(2, 17));
        model?.Invoke(m);
    });

    public static void Node(ProtoWriter graph, string op, string domain = "", Action<ProtoWriter>? more = null, int field = 1) => graph.Message(field, n =>
    {
        n.Text(1, "x").Text(2, "y").Text(4, op);
        more?.Invoke(n);
        if (domain.Length > 0)
        {
            n.Text(7, domain);
        }
    });

    public static void Value(ProtoWriter graph, int field, string name, params long[] dims) => graph.Message(field, v => v
        .Text(1, name)
        .Message(2, type => type.Message(1, tensor => tensor
            .Int(1, Float)
            .Message(2, shape =>
            {
                foreach (var dim in dims)
                {
                    shape.Message(1, d => d.Int(1, dim));
                }
            }))));

    /// <summary>A float tensor of one dimension whose bytes lie in another file.</summary>
    public static void External(ProtoWriter tensor, string name, long elements, params (string Key, string Value)[] entries)
    {
        tensor.Int(1, elements).Int(2, Float).Text(8, name);
        foreach (var (key, value) in entries)
        {
            tensor.Message(13, e => e.Text(1, key).Text(2, value));
        }

        tensor.Int(14, 1);
    }

    public static byte[] WithExternal(params (string Key, string Value)[] entries) =>
        Model(g => g.Message(5, t => External(t, "w", 4, entries)));

    public static async Task<OnnxReadResult> ReadAsync(byte[] file, Dictionary<string, long>? others = null, OnnxReadLimits? limits = null)
    {
        using var stream = new MemoryStream(file, writable: false);
        return await new OnnxReader().ReadAsync(stream, others ?? [], limits ?? OnnxReadLimits.Default, TestContext.Current.CancellationToken);
    }

    /// <summary>Asserts that the file is refused with this code and returns the message.</summary>
    public static async Task<string> RefusedAsync(string code, byte[] file, Dictionary<string, long>? others = null, OnnxReadLimits? limits = null)
    {
        var result = await ReadAsync(file, others, limits);
        Assert.False(result.Accepted, "The file was taken.");
        Assert.Equal(code, result.Refusal.Code);
        Assert.DoesNotContain(result.Refusal.Message, char.IsControl);
        return result.Refusal.Message;
    }

    public static async Task<OnnxModelInfo> AcceptedAsync(byte[] file, Dictionary<string, long>? others = null)
    {
        var result = await ReadAsync(file, others);
        Assert.True(result.Accepted, result.Refusal?.Message);
        return result.Info;
    }

    public static byte[] Sample(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "TestData", name));
}
