using Bunit;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.Registry.Onnx;
using Ops.Dashboard.Features.Registry.Pages;

namespace Ops.Dashboard.ComponentTests.Features.Registry;

public sealed class SignatureTableTests
{
    [Fact]
    public void Render_InputsAndOutputs_NamesOpenDimensions()
    {
        using var context = new ControlsContext();

        var table = context.Render<SignatureTable>(parameters => parameters
            .Add(t => t.Inputs, [Value("input", OnnxValueKind.Tensor, "FLOAT", "FP32", new(null, "batch"), new(1, null), new(null, null))])
            .Add(t => t.Outputs, [Value("logits", OnnxValueKind.Tensor, "FLOAT", "FP32", new(null, "batch"), new(10, null)), Value("flag", OnnxValueKind.Tensor, "BOOL", "BOOL")]));

        Assert.Equal(["Inputs", "input", "FP32 FLOAT", "[batch, 1, any]", "Outputs", "logits", "FP32 FLOAT", "[batch, 10]", "flag", "BOOL", "scalar"], Cells(table));
        Assert.Equal(["batch", "any", "batch"], table.FindAll(".dimension-open").Select(d => d.TextContent));
        Assert.StartsWith("batch, any: any sizes", table.Find(".panel-foot").TextContent.Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public void Render_WhatTheProtocolCannotCarry_SaysSo()
    {
        using var context = new ControlsContext();

        var table = context.Render<SignatureTable>(parameters => parameters
            .Add(t => t.Inputs, [Value("x", OnnxValueKind.Tensor, "COMPLEX64", null, new OnnxDimension(2, null))])
            .Add(t => t.Outputs, [SignatureValue.Of(new() { Name = "list", Kind = OnnxValueKind.Sequence, ElementType = "INT64", Datatype = "INT64", Shape = null })]));

        Assert.Equal(["Inputs", "x", "COMPLEX64", "[2]", "Outputs", "list", "sequence of INT64", "any shape"], Cells(table));
        Assert.Contains("cannot carry x, list", table.Find(".panel-foot").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_HostileNames_StayText()
    {
        using var context = new ControlsContext();

        var table = context.Render<SignatureTable>(parameters => parameters
            .Add(t => t.Inputs, [Value("<script>alert(1)</script>", OnnxValueKind.Tensor, "FLOAT", "FP32", new OnnxDimension(null, "<b>n</b>"))])
            .Add(t => t.Outputs, []));

        Assert.Empty(table.FindAll("script, b"));
        Assert.Contains("<script>alert(1)</script>", Cells(table));
    }

    private static SignatureValue Value(string name, OnnxValueKind kind, string element, string? datatype, params OnnxDimension[] shape) =>
        SignatureValue.Of(new() { Name = name, Kind = kind, ElementType = element, Datatype = datatype, Shape = shape });

    private static IEnumerable<string> Cells(IRenderedComponent<SignatureTable> table) =>
        table.FindAll("tbody th, tbody td").Select(cell => cell.QuerySelectorAll(".row > span") is { Length: > 0 } parts
            ? string.Join(' ', parts.Select(part => part.TextContent))
            : cell.TextContent);
}
