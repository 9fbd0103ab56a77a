using System.Text.Json;
using k8s;
using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Objects;

public sealed class DriftTests
{
    [Fact]
    public void Between_WhatTheServerAdds_IsNoDrift()
    {
        var found = Deployment();
        found.Metadata.Uid = "x";
        found.Metadata.ResourceVersion = "7";
        found.Metadata.Annotations["deployment.kubernetes.io/revision"] = "1";
        found.Spec.MinReadySeconds = 0;
        found.Spec.Template.Spec.DnsPolicy = "ClusterFirst";
        found.Spec.Template.Spec.Containers[0].Resources.Limits["memory"] = new("1Gi");
        found.Spec.Template.Spec.Containers.Insert(0, new() { Name = "injected" });
        found.Spec.Template.Spec.SecurityContext.RunAsNonRoot = true;
        found.Status = new() { Replicas = 1 };

        Assert.Empty(Drift.Between(Deployment(), found));
    }

    [Fact]
    public void Between_ChangedFields_AreNamedWithBothValuesAndWho()
    {
        var found = Deployment();
        found.Spec.Replicas = 7;
        found.Spec.Template.Spec.Containers[0].Image = "evil.example/x";
        found.Metadata.ManagedFields =
        [
            new() { Manager = ObjectLabels.Manager, Time = new(2026, 1, 1) },
            new() { Manager = "kubectl-edit", Time = new(2026, 1, 2) },
            new() { Manager = "kube-controller-manager", Time = new(2026, 1, 3), Subresource = "status" },
        ];

        var drift = Drift.Between(Deployment(), found);

        Assert.Equal(["spec.replicas", "spec.template.spec.containers[server].image"], drift.Select(d => d.Path));
        Assert.Equal(("2", "7", "kubectl-edit"), (drift[0].Wanted, drift[0].Found, drift[0].By));
        Assert.Equal([false, true], drift.Select(d => d.TouchesPods));
    }

    [Fact]
    public void Between_RemovedPart_IsNamed()
    {
        var found = Deployment();
        found.Spec.Template.Spec.Containers[0].SecurityContext = null;

        Assert.Contains(Drift.Between(Deployment(), found), d => d is { Path: "spec.template.spec.containers[server].securityContext.readOnlyRootFilesystem", Found: null });
    }

    [Theory]
    [InlineData("""{"f:spec":{"f:template":{"f:spec":{"f:hostNetwork":{}}}}}""", "spec.template.spec.hostNetwork", "/spec/template/spec/hostNetwork")]
    [InlineData("""{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"evil\"}":{".":{},"f:image":{},"f:name":{}}}}}}}""", "spec.template.spec.containers[evil]", "/spec/template/spec/containers/0")]
    [InlineData("""{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"server\"}":{"f:command":{}}}}}}}""", "spec.template.spec.containers[server].command", "/spec/template/spec/containers/1/command")]
    [InlineData("""{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"server\"}":{"f:env":{"k:{\"name\":\"LD_PRELOAD\"}":{".":{},"f:name":{},"f:value":{}}}}}}}}}""", "spec.template.spec.containers[server].env[LD_PRELOAD]", "/spec/template/spec/containers/1/env/0")]
    public void Between_WhatAPersonAdded_IsNamedAndHasAPointer(string fields, string path, string pointer)
    {
        var wanted = Deployment();
        wanted.Spec.Template.Spec.Containers[0].Env = [new() { Name = "OPS_X", Value = "1" }];
        var found = KubernetesJson.Deserialize<V1Deployment>(KubernetesJson.Serialize(wanted));
        var server = found.Spec.Template.Spec.Containers[0];
        found.Spec.Template.Spec.HostNetwork = true;
        server.Command = ["sh"];
        server.Env = [new() { Name = "LD_PRELOAD", Value = "/x.so" }, .. server.Env];
        found.Spec.Template.Spec.Containers.Insert(0, new() { Name = "evil", Image = "evil.example/x" });
        found.Metadata.ManagedFields = [Entry("kubectl-edit", fields)];

        var item = Assert.Single(Drift.Between(wanted, found));

        Assert.Equal((path, pointer, "kubectl-edit", true), (item.Path, item.Addition, item.By, item.TouchesPods));
        Assert.StartsWith($"{path} of the Deployment {found.Metadata.Name} was added by kubectl-edit: ", item.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Between_RestartByKubectl_IsNoDrift()
    {
        var found = Deployment();
        found.Spec.Template.Metadata.Annotations["kubectl.kubernetes.io/restartedAt"] = "2026-01-02T00:00:00Z";
        found.Metadata.ManagedFields = [Entry("kubectl-rollout", """{"f:spec":{"f:template":{"f:metadata":{"f:annotations":{".":{},"f:kubectl.kubernetes.io/restartedAt":{}}}}}}""")];

        Assert.Empty(Drift.Between(Deployment(), found));
    }

    [Fact]
    public void Between_ListOfAnotherAsAWhole_IsADifference()
    {
        var wanted = Deployment();
        wanted.Spec.Template.Spec.Tolerations = [new() { Key = "nvidia.com/gpu", OperatorProperty = "Exists" }];
        var found = KubernetesJson.Deserialize<V1Deployment>(KubernetesJson.Serialize(wanted));
        found.Spec.Template.Spec.Tolerations.Add(new() { Key = "dedicated", OperatorProperty = "Exists" });
        found.Metadata.ManagedFields = [Entry("kubectl-edit", """{"f:spec":{"f:template":{"f:spec":{"f:tolerations":{}}}}}""")];

        var item = Assert.Single(Drift.Between(wanted, found));

        Assert.Equal(("spec.template.spec.tolerations", null, "kubectl-edit"), (item.Path, item.Addition, item.By));
    }

    [Fact]
    public void Between_OwnWriteThatCameLate_IsOursAndNobodyElses()
    {
        var found = Deployment();
        found.Spec.Replicas = 7;
        found.Metadata.ManagedFields = [Entry(ObjectLabels.Manager, """{"f:spec":{"f:replicas":{}}}"""), Entry("kubectl-edit", """{"f:metadata":{"f:annotations":{"f:note":{}}}}""")];
        Assert.Equal((true, null), Assert.Single(Drift.Between(Deployment(), found)) is var late ? (late.IsOurs, late.By) : default);

        // Scaled by kubectl, which writes by a subresource.
        found.Metadata.ManagedFields = [Entry("kubectl", """{"f:spec":{"f:replicas":{}}}""")];
        found.Metadata.ManagedFields[0].Subresource = "scale";
        Assert.Equal((false, "kubectl"), Assert.Single(Drift.Between(Deployment(), found)) is var scaled ? (scaled.IsOurs, scaled.By) : default);
    }

    [Fact]
    public void Between_Gone_IsMissing() => Assert.True(Assert.Single(Drift.Between(Deployment(), null)).IsMissing);

    private static V1ManagedFieldsEntry Entry(string manager, string fields) =>
        new() { Manager = manager, Operation = "Update", FieldsV1 = JsonDocument.Parse(fields).RootElement, Time = new(2026, 1, 2) };

    private static V1Deployment Deployment() => KubernetesJson.Deserialize<V1Deployment>(
        KubernetesJson.Serialize(RevisionObjects.Deployment(KubernetesSamples.Endpoint, KubernetesSamples.Revision(), KubernetesSamples.Source, "models", 2)));
}
