using System.Text;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Dashboard.Features.Targets.Local;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Objects;

public sealed class RevisionObjectsTests
{
    [Fact]
    public void Deployment_AnyPlan_RunsConfined()
    {
        var pod = Pod(KubernetesSamples.Plan);

        Assert.False(pod.AutomountServiceAccountToken);
        Assert.True(pod.SecurityContext.RunAsNonRoot);
        Assert.Equal("RuntimeDefault", pod.SecurityContext.SeccompProfile.Type);
        Assert.Null(pod.HostNetwork);
        Assert.All(pod.Containers.Concat(pod.InitContainers), container =>
        {
            Assert.Equal(KubernetesSamples.Image, container.Image);
            Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
            Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
            Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
            Assert.Equal("1Gi", new ResourceQuantity(container.Resources.Limits["memory"].ToString()).CanonicalizeString());
            Assert.Equal(container.Resources.Limits, container.Resources.Requests);
        });
    }

    [Fact]
    public void Deployment_FetchesIntoTheFolderThatTheServerLooksInto()
    {
        var pod = Pod(KubernetesSamples.Plan);
        var configuration = Json(RevisionObjects.Configuration(KubernetesSamples.Endpoint, KubernetesSamples.Revision(), KubernetesSamples.Source, "models").Data["runtime.json"]);
        var model = configuration["Ops"]!["runtime"]!["models"]![0]!;

        var folder = $"/models/{KubernetesSamples.Plan.VersionDigest}";
        Assert.Equal(["fetch", "--manifest", "/etc/ops/fetch/manifest.json", "--into", folder], pod.InitContainers.Single().Args);
        Assert.Equal("/models", pod.Containers.Single().Env.Single(v => v.Name == "Ops__Runtime__CacheFolder").Value);
        Assert.Equal($"file://{folder}/model.onnx", (string?)model["files"]![0]!["source"]);
        Assert.Equal($"{folder}/labels/näme 1.txt", new Uri((string)model["files"]![1]!["source"]!).LocalPath);
        Assert.DoesNotContain("signature", configuration.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Deployment_PodThatEnds_HasTimeForAllThatTheServerWaitsFor()
    {
        var server = Json(RevisionObjects.Configuration(KubernetesSamples.Endpoint, KubernetesSamples.Revision(), KubernetesSamples.Source, "models").Data["runtime.json"])["Ops"]!["runtime"]!;

        Assert.Equal((5, 30), ((int)server["drainGraceSeconds"]!, (int)server["drainTimeoutSeconds"]!));
        Assert.Equal(45, Pod(KubernetesSamples.Plan).TerminationGracePeriodSeconds);
    }

    [Fact]
    public void Deployment_WithAClaimForVersions_FetchesIntoItAndServesFromACopy()
    {
        var plan = KubernetesSamples.Plan with { Kubernetes = KubernetesSamples.Plan.Kubernetes! with { CacheClaim = "model-cache" } };
        var pod = Pod(plan);
        var configuration = Json(RevisionObjects.Configuration(KubernetesSamples.Endpoint, KubernetesSamples.Revision(plan), KubernetesSamples.Source, "models").Data["runtime.json"]);
        var (fetch, server) = (pod.InitContainers.Single(), pod.Containers.Single());

        Assert.Equal("model-cache", pod.Volumes.Single(v => v.Name == "cache").PersistentVolumeClaim.ClaimName);
        Assert.Equal(["fetch", "--manifest", "/etc/ops/fetch/manifest.json", "--cache", "/model-cache"], fetch.Args);
        Assert.Null(fetch.VolumeMounts.Single(m => m.MountPath == "/model-cache").ReadOnlyProperty);
        Assert.DoesNotContain(fetch.VolumeMounts, m => m.Name == "models");
        Assert.True(server.VolumeMounts.Single(m => m.MountPath == "/model-cache").ReadOnlyProperty);
        Assert.Equal("/models", server.Env.Single(v => v.Name == "Ops__Runtime__CacheFolder").Value);
        Assert.Equal($"file:///model-cache/{plan.VersionDigest}/model.onnx", (string?)configuration["Ops"]!["runtime"]!["models"]![0]!["files"]![0]!["source"]);
        Assert.DoesNotContain(Pod(KubernetesSamples.Plan).Volumes, v => v.PersistentVolumeClaim is not null);
    }

    [Fact]
    public void FetchSecret_HoldsAddressesHashesAndSizes()
    {
        var secret = RevisionObjects.FetchSecret(KubernetesSamples.Endpoint, KubernetesSamples.Revision(), KubernetesSamples.Source, "models", new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        var manifest = Json(Encoding.UTF8.GetString(secret.Data["manifest.json"]));

        Assert.Equal("2026-01-02T03:04:05Z", secret.Metadata.Annotations[ObjectLabels.ExpiresAt]);
        Assert.Equal(KubernetesSamples.Plan.VersionDigest, (string?)manifest["digest"]);
        Assert.Equal("https://store.example/model.onnx?signature=secret", (string?)manifest["files"]![0]!["source"]);
        Assert.Equal((10L << 20, new string('a', 64)), ((long)manifest["files"]![0]!["size"]!, (string)manifest["files"]![0]!["sha256"]!));
    }

    [Fact]
    public void FetchSecret_StoreWithAnAuthorityOfItsOwn_HoldsIt()
    {
        Assert.Equal("PEM", (string?)Manifest(KubernetesSamples.Source with { Authorities = "PEM" })["authorities"]);
        Assert.False(Manifest(KubernetesSamples.Source).AsObject().ContainsKey("authorities"));

        static JsonNode Manifest(VersionSource source) => Json(RevisionFiles.ManifestOf(KubernetesSamples.Revision(), source));
    }

    [Fact]
    public void Deployment_Gpus_AreLimitedAndTheirTaintTolerated()
    {
        var pod = Pod(KubernetesSamples.Plan with { Resources = new() { Gpus = 2 }, Kubernetes = KubernetesSamples.Plan.Kubernetes! with { GpuResource = "nvidia.com/mig-1g.10gb" } });

        Assert.Equal(2, pod.Containers[0].Resources.Limits["nvidia.com/mig-1g.10gb"].ToInt32());
        Assert.False(pod.InitContainers[0].Resources.Limits.ContainsKey("nvidia.com/mig-1g.10gb"));
        var toleration = Assert.Single(pod.Tolerations);
        Assert.Equal(("nvidia.com/gpu", "Exists", "NoSchedule"), (toleration.Key, toleration.OperatorProperty, toleration.Effect));
        Assert.Null(Pod(KubernetesSamples.Plan).Tolerations);
    }

    [Fact]
    public void Deployment_WhatTheTargetSays_IsOfThePod()
    {
        var pod = Pod(KubernetesSamples.Plan with
        {
            Kubernetes = KubernetesSamples.Plan.Kubernetes! with
            {
                NodeSelector = new Dictionary<string, string> { ["zone"] = "b" },
                NodeFilter = new Dictionary<string, string> { ["pool"] = "a" },
                Tolerations = [new("sku", "gpu", "NoSchedule"), new("dedicated")],
                RuntimeClass = "nvidia",
                PriorityClass = "models",
                DiskMiB = 600,
            },
        });

        Assert.Equal(new Dictionary<string, string> { ["pool"] = "a", ["zone"] = "b" }, pod.NodeSelector);
        Assert.Equal([("sku", "Equal", "gpu", "NoSchedule"), ("dedicated", "Exists", null, null)], pod.Tolerations.Select(t => (t.Key, t.OperatorProperty, (string?)t.Value, (string?)t.Effect)));
        Assert.Equal(("nvidia", "models"), (pod.RuntimeClassName, pod.PriorityClassName));
        Assert.All(pod.Containers.Concat(pod.InitContainers), c => Assert.Equal(("600Mi", "789Mi"), (c.Resources.Requests["ephemeral-storage"].ToString(), c.Resources.Limits["ephemeral-storage"].ToString())));
        Assert.Equal(["277Mi", "256Mi"], pod.Volumes.Where(v => v.EmptyDir is not null).Select(v => v.EmptyDir.SizeLimit.ToString()));
    }

    [Fact]
    public void Deployment_PlanFromBeforeTargetsSaidSo_IsAsItWas()
    {
        var pod = Pod(KubernetesSamples.Plan);

        Assert.Equal((null, null, null, null), (pod.NodeSelector, pod.Tolerations, pod.RuntimeClassName, pod.PriorityClassName));
        Assert.All(pod.Containers.Concat(pod.InitContainers), c => Assert.Equal(["cpu", "memory"], c.Resources.Requests.Keys));
    }

    [Fact]
    public void Deployment_Replicas_SpreadOverHostsAndZones()
    {
        var pod = Pod(KubernetesSamples.Plan);

        Assert.Equal(["kubernetes.io/hostname", "topology.kubernetes.io/zone"], pod.TopologySpreadConstraints.Select(c => c.TopologyKey));
        Assert.All(pod.TopologySpreadConstraints, c =>
        {
            // As well as it goes: a node too few must not keep a replica from running.
            Assert.Equal((1, "ScheduleAnyway"), (c.MaxSkew, c.WhenUnsatisfiable));
            Assert.Equal(ObjectLabels.PodsOf(KubernetesSamples.Endpoint, KubernetesSamples.Revision().PlanId), c.LabelSelector.MatchLabels);
        });
    }

    [Fact]
    public void Deployment_ChosenNodes_AreTermsOfOneNameEach()
    {
        var terms = Pod(KubernetesSamples.Plan with { Nodes = ["a", "b"] }).Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms;

        Assert.Equal(["a", "b"], terms.Select(t => Assert.Single(Assert.Single(t.MatchFields).Values)));
        Assert.All(terms, t => Assert.Equal("metadata.name", t.MatchFields[0].Key));
    }

    [Fact]
    public void Deployment_HostileText_StaysAValue()
    {
        var plan = KubernetesSamples.Plan with { EnvironmentVariables = new Dictionary<string, string> { ["GREETING"] = "x\nhostNetwork: true" } };
        var yaml = ObjectYaml.Write([Deployment(plan)]);

        var read = KubernetesYaml.Deserialize<V1Deployment>(yaml);
        Assert.Null(read.Spec.Template.Spec.HostNetwork);
        Assert.Equal("x\nhostNetwork: true", read.Spec.Template.Spec.Containers[0].Env.Single(v => v.Name == "GREETING").Value);
    }

    [Fact]
    public void Write_Objects_AreReadBackTheSameAndSecretsWithoutTheirContent()
    {
        var secret = RevisionObjects.FetchSecret(KubernetesSamples.Endpoint, KubernetesSamples.Revision(), KubernetesSamples.Source, "models", default);
        var yaml = ObjectYaml.Write([Deployment(KubernetesSamples.Plan), secret]);

        var read = KubernetesYaml.LoadAllFromString(yaml);
        Assert.Empty(Drift.Between(Deployment(KubernetesSamples.Plan), (V1Deployment)read[0]));
        Assert.Empty(Drift.Between((V1Deployment)read[0], Deployment(KubernetesSamples.Plan)));
        Assert.DoesNotContain("signature", yaml, StringComparison.Ordinal);
        Assert.DoesNotContain("manifest.json: ", yaml, StringComparison.Ordinal);
    }

    [Fact]
    public void Autoscaler_Goals_BecomeMetrics()
    {
        var plan = KubernetesSamples.Plan with
        {
            Kubernetes = KubernetesSamples.Plan.Kubernetes! with { Autoscaling = new() { MinReplicas = 2, MaxReplicas = 5, CpuPercent = 70, MemoryPercent = 80, PodMetric = "queue", PodMetricAverage = "20" } },
        };
        var scaler = RevisionObjects.Autoscaler(KubernetesSamples.Endpoint, KubernetesSamples.Revision(plan), "models")!;

        Assert.Equal((2, 5), (scaler.Spec.MinReplicas, scaler.Spec.MaxReplicas));
        Assert.Equal(
            [("Resource", "cpu", "Utilization", 70), ("Resource", "memory", "Utilization", 80)],
            scaler.Spec.Metrics.Take(2).Select(m => (m.Type, m.Resource.Name, m.Resource.Target.Type, m.Resource.Target.AverageUtilization ?? 0)));
        var queue = scaler.Spec.Metrics[2];
        Assert.Equal(("Pods", "queue", "AverageValue", "20"), (queue.Type, queue.Pods.Metric.Name, queue.Pods.Target.Type, queue.Pods.Target.AverageValue.ToString()));
        Assert.Equal(3, scaler.Spec.Metrics.Count);
        Assert.Equal(scaler.Metadata.Name, scaler.Spec.ScaleTargetRef.Name);
        Assert.Null(RevisionObjects.Autoscaler(KubernetesSamples.Endpoint, KubernetesSamples.Revision(), "models"));
    }

    private static V1Deployment Deployment(PlanSpec plan) => RevisionObjects.Deployment(KubernetesSamples.Endpoint, KubernetesSamples.Revision(plan), KubernetesSamples.Source, "models", 2);

    private static V1PodSpec Pod(PlanSpec plan) => Deployment(plan).Spec.Template.Spec;

    private static JsonNode Json(string text) => JsonNode.Parse(text)!;
}
