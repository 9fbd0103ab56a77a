using System.Text.Json;
using Bunit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.ComponentTests.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring.Fleet;
using Ops.Dashboard.Features.Playground;
using Ops.Dashboard.Features.Registry.Onnx;
using Ops.Data;
using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Targets;
using Endpoint = Ops.Data.Rollouts.Endpoint;

namespace Ops.Dashboard.ComponentTests.Features.Playground;

public sealed class PlaygroundTabTests
{
    private static readonly OnnxValueInfo Picture = new()
    {
        Name = "input", Kind = OnnxValueKind.Tensor, ElementType = "FLOAT", Datatype = "FP32",
        Shape = [new(null, "batch"), new(1, null), new(8, null), new(8, null)],
    };

    private static readonly OnnxValueInfo Words = new()
    {
        Name = "tokens", Kind = OnnxValueKind.Tensor, ElementType = "INT64", Datatype = "INT64", Shape = [new(null, "batch"), new(null, "sequence")],
    };

    [Fact]
    public async Task Form_TwoInputs_AnEditorForEachAndNoTensorThroughTheCircuit()
    {
        await using var context = await FleetContext.CreateAsync();
        var script = context.JSInterop.SetupModule("./js/playground.js");
        script.Mode = JSRuntimeMode.Loose;
        var facts = await SeedAsync(context, [Picture, Words]);
        var tab = context.Render<PlaygroundTab>(p => p.Add(t => t.Facts, facts));
        tab.WaitForElement(".playground");

        var tensors = tab.FindAll("fieldset.tensor");
        Assert.Equal(["input FP32", "tokens INT64"], tensors.Select(t => t.QuerySelector("legend")!.TextContent));
        Assert.Equal(["Picture", "JSON", "File", "Fill"], tensors[0].QuerySelectorAll("[data-way]").Select(b => b.TextContent));
        Assert.NotNull(tensors[0].QuerySelector("canvas[data-canvas]"));
        Assert.Equal(["JSON", "File", "Fill"], tensors[1].QuerySelectorAll("[data-way]").Select(b => b.TextContent));
        Assert.Equal(["batch", "sequence"], tensors[1].QuerySelectorAll(".tensor-dimension span").Select(s => s.TextContent));
        Assert.Equal(["1", "8"], tensors[1].QuerySelectorAll("[data-dimension]").Select(d => d.GetAttribute("value")));
        Assert.Null(tensors[0].QuerySelector("textarea")!.GetAttribute("value"));
        Assert.Empty(tab.FindAll("[data-playground-token]"));
        Assert.False(tab.Find("button[type=submit]").HasAttribute("disabled"));

        var start = Assert.Single(script.Invocations, i => i.Identifier == "start");
        var options = JsonSerializer.Serialize(start.Arguments[2], JsonSerializerOptions.Web);
        Assert.Contains("\"path\":\"/serve/reader/v2/models/digits/infer\"", options, StringComparison.Ordinal);
        Assert.Contains("\"shape\":[1,1,8,8]", options, StringComparison.Ordinal);

        await tab.InvokeAsync(() => tab.Instance.Sent(200, 12.3, 500, 1500));
        Assert.Equal(["200", "12.3 ms", "500 B", "1.5 KiB"], tab.FindAll("tbody td").Skip(1).Select(c => c.TextContent));
    }

    [Fact]
    public async Task Form_BeforeItsScriptAnswers_TakesNoClickThatWouldBeLost()
    {
        await using var context = await FleetContext.CreateAsync();
        var script = context.JSInterop.SetupModule("./js/playground.js");
        var start = script.SetupVoid("start", _ => true);
        var facts = await SeedAsync(context, [Picture]);
        var tab = context.Render<PlaygroundTab>(p => p.Add(t => t.Facts, facts));
        tab.WaitForElement(".playground");
        tab.WaitForState(() => start.Invocations.Count == 1);
        Assert.True(tab.Find("[data-playground-form]").HasAttribute("inert"));

        start.SetVoidResult();
        tab.WaitForAssertion(() => Assert.False(tab.Find("[data-playground-form]").HasAttribute("inert")));
    }

    [Fact]
    public async Task Form_TokenAskedFor_PasswordField()
    {
        await using var context = await FleetContext.CreateAsync();
        context.JSInterop.SetupModule("./js/playground.js").Mode = JSRuntimeMode.Loose;
        var facts = await SeedAsync(context, [Picture], requiresToken: true);
        var tab = context.Render<PlaygroundTab>(p => p.Add(t => t.Facts, facts));
        Assert.Equal("password", tab.WaitForElement("[data-playground-token]").GetAttribute("type"));
    }

    [Fact]
    public async Task Form_InputThatJsonCannotCarry_SaysSoAndDoesNotSend()
    {
        await using var context = await FleetContext.CreateAsync();
        context.JSInterop.SetupModule("./js/playground.js").Mode = JSRuntimeMode.Loose;
        var facts = await SeedAsync(context, [Picture, Words with { Kind = OnnxValueKind.Sequence }]);
        var tab = context.Render<PlaygroundTab>(p => p.Add(t => t.Facts, facts));
        tab.WaitForElement(".playground");
        Assert.Contains("cannot carry a sequence", tab.Find(".notice").TextContent, StringComparison.Ordinal);
        Assert.True(tab.Find("button[type=submit]").HasAttribute("disabled"));
    }

    [Fact]
    public async Task Form_NothingRolledOut_SaysWhatIsMissing()
    {
        await using var context = await FleetContext.CreateAsync();
        var facts = FleetContext.Tile("reader", Ops.Dashboard.Features.Monitoring.Health.Idle).Facts with { Stable = null };
        var tab = context.Render<PlaygroundTab>(p => p.Add(t => t.Facts, facts));
        Assert.Equal("Nothing to try yet", tab.WaitForElement(".empty h2").TextContent);
    }

    private static async Task<EndpointFacts> SeedAsync(FleetContext context, IReadOnlyList<OnnxValueInfo> inputs, bool requiresToken = false)
    {
        var now = context.Time.GetUtcNow();
        var person = Guid.NewGuid();
        await using var db = context.Services.GetRequiredService<IDbContextFactory<RegistryDb>>().CreateDbContext();
        var target = await db.Targets.FirstOrDefaultAsync() ?? db.Targets.Add(Target.Create("here", TargetKinds.Local, TargetEnvironment.Dev, now).Value).Entity;
        var model = Model.Create("digits", "", person, "anna", now).Value;
        var versionId = Guid.NewGuid();
        var info = new OnnxModelInfo
        {
            IrVersion = 8, OpsetImports = new Dictionary<string, long>(), ProducerName = "", ProducerVersion = "", Domain = "", ModelVersion = 0, DocString = "",
            Metadata = new Dictionary<string, string>(), TextTruncated = false, GraphName = "g", Inputs = inputs, Outputs = [], ParameterCount = 0, NodeCount = 0,
            Operators = new Dictionary<string, long>(), ExternalFiles = [],
        };
        var version = ModelVersion.Create(
            [new() { VersionId = versionId, Path = "model.onnx", SizeBytes = 1, Sha256 = new('1', 64), ObjectId = "o" }],
            new()
            {
                Id = versionId, ModelId = model.Id, Number = model.NextVersion("onnx", now).Value, Format = "onnx", MetadataJson = JsonSerializer.Serialize(info, JsonSerializerOptions.Web),
                Store = "filesystem", UploadedById = person, UploadedByName = "anna", Now = now,
            });
        var endpoint = Endpoint.Create("reader", target.Id, person, "anna", now).Value;
        var plan = Plan.Seal(
            new()
            {
                EndpointId = endpoint.Id, Endpoint = "reader", TargetId = target.Id, Target = target.Name, Environment = target.Environment, Model = "digits",
                VersionId = versionId, Version = 1, VersionDigest = version.Digest, Replicas = 1, RequiresToken = requiresToken,
            },
            person, "anna", now);
        db.AddRange(model, version, endpoint, plan);
        await db.SaveChangesAsync();
        return new()
        {
            Id = endpoint.Id, Name = "reader", TargetId = target.Id, Target = target.Name, TargetKind = target.Kind, Environment = target.Environment,
            Stable = PlanFacts.Of(plan.Id, plan.Spec),
        };
    }
}
