using AngleSharp.Dom;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Dashboard.Features.Targets.Pages.Clusters;

namespace Ops.Dashboard.ComponentTests.Features.Targets;

public sealed class ClusterEditorTests
{
    private const string TwoContexts =
        """
        apiVersion: v1
        kind: Config
        current-context: lab
        clusters:
          - { name: a, cluster: { server: https://10.0.0.1:6443 } }
          - { name: b, cluster: { server: https://10.0.0.2:6443 } }
        users:
          - { name: u, user: { token: secret-token } }
        contexts:
          - { name: prod, context: { cluster: a, user: u } }
          - { name: lab, context: { cluster: b, user: u, namespace: models-lab } }
        """;

    [Fact]
    public void Kubeconfig_Pasted_OffersItsContextsAndFillsInTheNamespace()
    {
        using var context = NewContext();
        var editor = context.Render<ClusterEditor>();
        Assert.Empty(editor.FindAll("option[value=prod]"));

        editor.Find("textarea").Change(TwoContexts);

        Assert.Equal(["lab (current)", "prod"], editor.FindAll("select option").Select(o => o.TextContent).Where(t => t.Contains("lab", StringComparison.Ordinal) || t == "prod"));
        Assert.Contains("Its API server is https://10.0.0.2:6443.", editor.Markup, StringComparison.Ordinal);
        Assert.Equal("models-lab", Input(editor, "Namespace").GetAttribute("value"));
        Assert.Contains("namespace: models-lab", editor.Find("pre").TextContent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("}{", "This is no kubeconfig")]
    [InlineData("apiVersion: v1", "has no contexts")]
    public void Kubeconfig_ThatIsNone_IsRefusedAtItsField(string text, string expected)
    {
        using var context = NewContext();
        var editor = context.Render<ClusterEditor>();

        editor.Find("textarea").Change(text);

        Assert.Contains(expected, editor.Find(".field-error").TextContent, StringComparison.Ordinal);
        Assert.Equal("true", editor.Find("textarea").GetAttribute("aria-invalid"));
    }

    [Fact]
    public void InCluster_Chosen_NeedsNoKubeconfig()
    {
        using var context = NewContext();
        var editor = context.Render<ClusterEditor>();

        editor.FindAll("input[name=reach]")[1].Change(true);

        Assert.Empty(editor.FindAll("input[type=file]"));
        Assert.DoesNotContain("Paste it", editor.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Manifest_WithoutNodes_LeavesOutWhatReadsThem()
    {
        using var context = NewContext();
        var editor = context.Render<ClusterEditor>();
        Assert.Contains("ClusterRoleBinding", editor.Find("pre").TextContent, StringComparison.Ordinal);

        editor.FindAll("input[type=checkbox]").Single(c => c.ParentElement!.TextContent.Contains("read nodes", StringComparison.Ordinal)).Change(false);

        Assert.DoesNotContain("ClusterRoleBinding", editor.Find("pre").TextContent, StringComparison.Ordinal);
        Assert.Contains("kind: RoleBinding", editor.Find("pre").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Checks_AsTheyCome_SayWhatWorksAndWhatIsLacking()
    {
        using var context = NewContext();
        var checks = context.Render<ClusterChecks>(p => p.Add(c => c.Running, true).Add(c => c.Checks, [new("Reach the cluster", true, "It answers."), new("Nodes", false, "May not list nodes.", true), new("Logs of pods", false, "May not get pods/log.")]));
        Assert.Equal(["Works", "Lacks it", "Failed", "Trying"], checks.FindAll("li .badge").Select(b => b.TextContent.Trim()));

        checks.Render(p => p.Add(c => c.Running, false));

        Assert.DoesNotContain("Trying", checks.Markup, StringComparison.Ordinal);
        Assert.Contains("2 of 3 lacking", checks.Markup, StringComparison.Ordinal);
    }

    private static ControlsContext NewContext()
    {
        var context = new ControlsContext();
        context.AddPerson(Right.View, Right.ManageTargets);
        context.Services.AddScoped<CallerAccessor>();

        // Reading a kubeconfig asks neither the registry nor a cluster.
        context.Services.AddSingleton(new ClusterDesk(null!, new(null!, Options.Create(new KubernetesOptions()), TimeProvider.System), null!));
        return context;
    }

    private static IElement Input(IRenderedComponent<ClusterEditor> editor, string label)
    {
        var id = editor.FindAll("label.field-label").Single(l => l.TextContent.Trim() == label).GetAttribute("for");
        return editor.Find($"#{id}");
    }
}
