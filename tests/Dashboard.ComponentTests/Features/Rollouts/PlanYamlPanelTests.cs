using AngleSharp.Dom;
using Bunit;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Rollouts.Pages.Wizard;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Dashboard.Features.Targets.Kubernetes.Supply;
using Ops.Dashboard.Tests.Features.Targets.Kubernetes;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.ComponentTests.Features.Rollouts;

/// <summary>The YAML of a plan, and the plan held against its cluster.</summary>
public sealed class PlanYamlPanelTests : IAsyncDisposable
{
    private readonly FakeCluster cluster = new();
    private Failure? notSupplied;
    private PagesContext pages = null!;

    [Fact]
    public async Task Closed_WritesNothing()
    {
        var panel = await RenderAsync();

        Assert.Empty(panel.FindAll("pre"));
        Assert.Empty(panel.FindAll("button"));
    }

    [Fact]
    public async Task Opened_ShowsTheObjectsWithoutSecrets_AndFollowsThePlan()
    {
        var panel = await RenderAsync();

        Open(panel);
        var yaml = panel.WaitForElement("pre").TextContent;
        Assert.Contains("kind: Deployment", yaml, StringComparison.Ordinal);
        Assert.Contains(KubernetesSamples.Image, yaml, StringComparison.Ordinal);
        Assert.DoesNotContain("signature=secret", yaml, StringComparison.Ordinal);
        Assert.StartsWith("# digits: digits 3 in the namespace models", yaml, StringComparison.Ordinal);
        var secret = Assert.Single(KubernetesYaml.LoadAllFromString(yaml).OfType<V1Secret>());
        Assert.Null(secret.Data);
        Assert.Contains($"# The Secret {secret.Metadata.Name} is empty here.", yaml, StringComparison.Ordinal);
        Assert.Contains("they wait for the key manifest.json of that Secret", yaml, StringComparison.Ordinal);
        Assert.Contains("Applied without Ops it does not start", panel.Markup, StringComparison.Ordinal);
        Assert.Equal("digits-digits-3.yaml", panel.Find("a[download]").GetAttribute("download"));

        panel.Render(p => p.Add(y => y.Plan, KubernetesSamples.Plan with { Version = 4, Replicas = 9 }));
        panel.WaitForAssertion(() => Assert.Contains("replicas: 9", panel.Find("pre").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task CannotBeWritten_SaysWhyAndTriesAgain()
    {
        notSupplied = Failure.Unavailable("The store of digits 3 does not answer.");
        var panel = await RenderAsync();

        Open(panel);
        panel.WaitForAssertion(() => Assert.Contains("The store of digits 3 does not answer.", panel.Find("[role=alert]").TextContent, StringComparison.Ordinal));
        notSupplied = null;
        Button(panel, "Try again").Click();

        Assert.Contains("kind: Deployment", panel.WaitForElement("pre").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compare_ListsWhatIsMadeWhatChangesAndWhatGoes()
    {
        var labels = ObjectLabels.Of(KubernetesSamples.Endpoint);
        cluster.Put(new V1Service { ApiVersion = "v1", Kind = "Service", Metadata = new() { Name = "digits", Labels = labels }, Spec = new() { Type = "NodePort" } }, "kubectl-edit");
        cluster.Put(new V1ConfigMap { ApiVersion = "v1", Kind = "ConfigMap", Metadata = new() { Name = "digits-older", Labels = labels } }, "ops-dashboard");
        var panel = await RenderAsync();
        Open(panel);
        panel.WaitForElement("pre");

        Button(panel, "Compare with the cluster").Click();

        panel.WaitForAssertion(() => Assert.Equal(9, panel.FindAll(".store-checks li").Count));
        Assert.StartsWith("Different", Line(panel, "Service", "digits"), StringComparison.Ordinal);
        Assert.Contains("spec.type: NodePort → ClusterIP", Line(panel, "Service", "digits"), StringComparison.Ordinal);
        Assert.StartsWith("Removed", Line(panel, "ConfigMap", "digits-older"), StringComparison.Ordinal);
        Assert.Contains("1 different, 7 new, 1 removed", panel.Find("section[aria-label='Compared with the cluster']").TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain(cluster.Calls, c => c.StartsWith("apply", StringComparison.Ordinal));
    }

    [Fact]
    public async Task DryRun_Refusals_StandAtTheirObjects()
    {
        cluster.Refuses = o => o.Kind == "Deployment" ? new ClusterException(ClusterProblem.Invalid, "admission webhook denied the request: no latest tags") { Causes = ["spec.template: too old"] } : null;
        var panel = await RenderAsync();
        Open(panel);
        panel.WaitForElement("pre");

        Button(panel, "Dry run").Click();

        panel.WaitForAssertion(() => Assert.Contains("7 accepted, 1 refused", panel.Find("section[aria-label='Dry run']").TextContent, StringComparison.Ordinal));
        Assert.Contains("admission webhook denied the request: no latest tags", Line(panel, "Deployment"), StringComparison.Ordinal);
        Assert.Contains("spec.template: too old", Line(panel, "Deployment"), StringComparison.Ordinal);
        Assert.Empty(panel.FindAll("[role=alert]"));
    }

    [Fact]
    public async Task DryRun_Cancelled_StopsAndSaysThatNothingWasChanged()
    {
        cluster.Answers = new TaskCompletionSource().Task;
        var panel = await RenderAsync();
        Open(panel);
        panel.WaitForElement("pre");

        Button(panel, "Dry run").Click();
        panel.WaitForAssertion(() => Assert.Contains("Asking", panel.Markup, StringComparison.Ordinal));
        Assert.True(Button(panel, "Compare with the cluster").HasAttribute("disabled"));
        Button(panel, "Cancel").Click();

        panel.WaitForAssertion(() => Assert.Equal("Stopped.", panel.Find("[role=alert] .notice-title").TextContent));
        Assert.False(Button(panel, "Dry run").HasAttribute("disabled"));
        Assert.DoesNotContain("Asking", panel.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DryRun_ThePlanChangesMeanwhile_ForgetsWhatWasFound()
    {
        var answers = new TaskCompletionSource();
        cluster.Answers = answers.Task;
        var panel = await RenderAsync();
        Open(panel);
        panel.WaitForElement("pre");
        Button(panel, "Dry run").Click();

        panel.Render(p => p.Add(y => y.Plan, KubernetesSamples.Plan with { Replicas = 9 }));
        answers.SetResult();

        panel.WaitForAssertion(() => Assert.Contains("replicas: 9", panel.Find("pre").TextContent, StringComparison.Ordinal));
        Assert.Empty(panel.FindAll(".store-checks"));
        Assert.False(Button(panel, "Dry run").HasAttribute("disabled"));
    }

    [Fact]
    public async Task WithoutTheRight_ShowsTheYamlAlone()
    {
        var panel = await RenderAsync("viewer");
        Open(panel);
        panel.WaitForElement("pre");

        Assert.DoesNotContain(panel.FindAll("button"), b => b.TextContent.Trim() is "Dry run" or "Compare with the cluster");
    }

    public async ValueTask DisposeAsync() => await pages.DisposeAsync();

    private async Task<IRenderedComponent<PlanYamlPanel>> RenderAsync(string person = "approver")
    {
        pages = await PagesContext.CreateAsync(person);
        VersionSupply supply = new(
            (_, _) => Task.FromResult(notSupplied is { } failure ? failure : Result.Of(KubernetesSamples.Source)),
            new(new EphemeralDataProtectionProvider(), Options.Create(new KubernetesOptions())),
            pages.World.Time);
        PlanObjects objects = new(cluster, new(supply), supply);
        pages.Bunit.Services.AddSingleton(new PlanYaml(objects));
        pages.Bunit.Services.AddSingleton(new PlanTrial(objects, pages.World.Get<CommandRunner>()));
        return pages.Bunit.Render<PlanYamlPanel>(p => p.Add(y => y.Plan, KubernetesSamples.Plan));
    }

    private static void Open(IRenderedComponent<PlanYamlPanel> panel) => panel.Find("details").TriggerEvent("ontoggle", EventArgs.Empty);

    private static string Line(IRenderedComponent<PlanYamlPanel> panel, string kind, string? name = null) => panel.FindAll(".store-checks li")
        .Single(l => l.QuerySelector("strong")?.TextContent == kind && (name is null || l.QuerySelector(".mono")!.TextContent == name)).TextContent.Trim();

    private static IElement Button(IRenderedComponent<PlanYamlPanel> panel, string label) => panel.FindAll("button").Single(b => b.TextContent.Trim() == label);
}
