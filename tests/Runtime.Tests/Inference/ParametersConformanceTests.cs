using System.Text;
using System.Text.Json;
using Ops.Runtime.Inference;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Inference;

/// <summary>The parameters of a request as a whole.</summary>
public sealed class ParametersConformanceTests
{
    [Theory]
    [InlineData("{}", 0u, null)]
    [InlineData("{\"priority\":0,\"timeout\":0}", 0u, null)]
    [InlineData("{\"priority\":4294967295,\"timeout\":1500}", uint.MaxValue, 1.5)]
    [InlineData("{\"timeout\":9223372036854775807}", 0u, 86_400_000.0)]
    [InlineData("{\"sequence_id\":0,\"sequence_start\":false,\"sequence_end\":false,\"priority\":2}", 2u, null)]
    [InlineData("{\"sequence_id\":\"\",\"custom\":{\"any\":[1]},\"triton_enable_empty_final_response\":true}", 0u, null)]
    public void Read_Treatment_IsTakenOver(string json, uint priority, double? milliseconds)
    {
        var treatment = Read(json).Treatment ?? InferParameters.Default;
        Assert.Equal((priority, milliseconds), (treatment.Priority, treatment.Timeout?.TotalMilliseconds));
    }

    [Theory]
    [InlineData("{\"priority\":-1}", "priority must be")]
    [InlineData("{\"priority\":4294967296}", "priority must be")]
    [InlineData("{\"priority\":\"high\"}", "priority must be")]
    [InlineData("{\"timeout\":-1}", "timeout must be")]
    [InlineData("{\"timeout\":1.5}", "timeout must be")]
    [InlineData("{\"timeout\":null}", "timeout must be")]
    [InlineData("{\"sequence_id\":7}", "Sequences")]
    [InlineData("{\"sequence_id\":\"a\"}", "Sequences")]
    [InlineData("{\"sequence_start\":true}", "Sequences")]
    [InlineData("{\"sequence_end\":true}", "Sequences")]
    [InlineData("{\"sequence_id\":{}}", "Sequences")]
    [InlineData("[]", "must be an object")]
    public void Read_WhatIsNotOffered_IsRefused(string json, string reason)
    {
        var refusal = Assert.Throws<ProtocolException>(() => Read(json));
        Assert.Equal(400, refusal.Status);
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_Parameters_AreReadFromTheRequest()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits()]);
        var image = $"\"inputs\":[{{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[1,1,8,8],\"data\":[{string.Join(',', Enumerable.Repeat('0', 64))}]}}]";
        Assert.Equal(200, (await server.PostAsync("/v2/models/digits/infer", $"{{{image},\"parameters\":{{\"priority\":1,\"timeout\":600000000}}}}")).Status);
        Assert.Equal(400, (await server.PostAsync("/v2/models/digits/infer", $"{{{image},\"parameters\":{{\"sequence_id\":3}}}}")).Status);
        Assert.Equal(400, (await server.PostAsync("/v2/models/digits/infer", $"{{\"parameters\":{{}},{image},\"parameters\":{{}}}}")).Status);
    }

    [Fact]
    public async Task Server_Extensions_AreThoseThatAreServed()
    {
        await using var server = await TestServer.StartAsync([TestModels.Digits()]);
        Assert.Equal("[\"binary_tensor_data\",\"classification\",\"parameters\",\"schedule_policy\"]", (await server.GetAsync("/v2")).Body.GetProperty("extensions").GetRawText());
    }

    private static RequestParameters Read(string json)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        reader.Read();
        return RequestParameters.Read(ref reader);
    }
}
