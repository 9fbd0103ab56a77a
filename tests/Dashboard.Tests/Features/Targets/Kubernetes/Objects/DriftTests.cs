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

    [Fact]
    public void Between_Gone_IsMissing() => Assert.True(Assert.Single(Drift.Between(Deployment(), null)).IsMissing);

    private static V1Deployment Deployment() => KubernetesJson.Deserialize<V1Deployment>(
        KubernetesJson.Serialize(RevisionObjects.Deployment(KubernetesSamples.Endpoint, KubernetesSamples.Revision(), KubernetesSamples.Source, "models", 2)));
}
