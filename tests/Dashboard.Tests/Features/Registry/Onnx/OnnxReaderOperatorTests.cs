using Ops.Dashboard.Features.Registry.Onnx;

namespace Ops.Dashboard.Tests.Features.Registry.Onnx;

/// <summary>Operators and functions: only what the runtime knows is taken, however it is put together.</summary>
public sealed class OnnxReaderOperatorTests
{
    [Theory]
    [InlineData("EPContext")]
    [InlineData("PythonOp")]
    [InlineData("Snpe")]
    public async Task ReadAsync_CompiledOrForeignNode_IsRefused(string op) =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.OpaqueNode, OnnxFile.Model(g => OnnxFile.Node(g, op, "com.microsoft")));

    [Fact]
    public async Task ReadAsync_CompiledNodeInsideASubgraph_IsRefused() =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.OpaqueNode, OnnxFile.Model(g =>
            OnnxFile.Node(g, "If", more: n => n.Message(5, a => a.Message(6, sub => OnnxFile.Node(sub, "EPContext", "com.microsoft"))))));

    [Theory]
    [InlineData("org.pytorch.aten")]
    [InlineData("trt.plugins")]
    [InlineData("ai.onnx.contrib")]
    [InlineData("AI.ONNX")]
    [InlineData("com.microsoft.nchwc")]
    public async Task ReadAsync_OperatorOfAnUnknownDomain_IsRefused(string domain) =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.UnknownDomain, OnnxFile.Model(g => OnnxFile.Node(g, "Custom", domain)));

    [Fact]
    public async Task ReadAsync_UnknownOperatorInsideAFunction_IsRefused() =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.UnknownDomain, OnnxFile.Model(model: m => m.Message(25, f =>
        {
            f.Text(1, "F").Text(10, "org.example");
            OnnxFile.Node(f, "Custom", "evil", field: 7);
        })));

    [Fact]
    public async Task ReadAsync_UnknownDomainOnlyImported_IsTaken() =>
        Assert.Equal(1, (await OnnxFile.AcceptedAsync(OnnxFile.Model(model: m => m.Message(8, o => o.Text(1, "org.example").Int(2, 1))))).OpsetImports["org.example"]);

    [Fact]
    public async Task ReadAsync_FunctionsInACircle_AreRefused() =>
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.FunctionExpansion, OnnxFile.Model(model: m =>
        {
            Function(m, "A", "B");
            Function(m, "B", "A");
        }));

    [Fact]
    public async Task ReadAsync_FunctionsThatMultiply_AreRefused()
    {
        var file = OnnxFile.Model(
            g => OnnxFile.Node(g, "F0", "org.example"),
            m =>
            {
                for (var i = 0; i < 30; i++)
                {
                    Function(m, $"F{i}", $"F{i + 1}", $"F{i + 1}");
                }

                Function(m, "F30");
            });
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.FunctionExpansion, file);
    }

    [Fact]
    public async Task ReadAsync_ManyLongFunctionAndTensorNames_StopAtTheLimitOfNames()
    {
        var limits = new OnnxReadLimits { MaxKeptNameBytes = 100_000 };
        var functions = OnnxFile.Model(model: m =>
        {
            for (var i = 0; i < 50; i++)
            {
                Function(m, new string('f', 1000) + i);
            }
        });
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.TooMany, functions, limits: limits);
        var constants = OnnxFile.Model(g =>
        {
            for (var i = 0; i < 50; i++)
            {
                var start = (i * 4).ToString();
                OnnxFile.Node(g, "Constant", more: n => n.Message(5, a => a.Message(5, t => OnnxFile.External(t, new string('t', 1000) + start, 1, ("location", "w.bin"), ("offset", start)))));
            }
        });
        await OnnxFile.RefusedAsync(OnnxRefusalCodes.TooMany, constants, new() { ["w.bin"] = 200 }, limits);
        await OnnxFile.AcceptedAsync(constants, new() { ["w.bin"] = 200 });
    }

    [Fact]
    public async Task ReadAsync_NameThatWouldRearrangeTheMessage_IsShownHarmless()
    {
        var message = await OnnxFile.RefusedAsync(OnnxRefusalCodes.UnknownDomain, OnnxFile.Model(g => OnnxFile.Node(g, "\u202Eevil\r\n" + new string('x', 500), "d")));
        Assert.DoesNotContain('\u202E', message);
        Assert.True(message.Length < 400, message);
    }

    private static void Function(ProtoWriter model, string name, params string[] calls) => model.Message(25, f =>
    {
        f.Text(1, name).Text(10, "org.example");
        OnnxFile.Node(f, "Relu", field: 7);
        foreach (var call in calls)
        {
            OnnxFile.Node(f, call, "org.example", field: 7);
        }
    });
}
