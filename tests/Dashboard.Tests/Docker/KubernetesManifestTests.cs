using k8s;
using k8s.Models;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using YamlDotNet.RepresentationModel;

namespace Ops.Dashboard.Tests.Docker;

/// <summary>The manifests that people install with: every field is one that Kubernetes knows, and what one names is there.</summary>
public sealed class KubernetesManifestTests
{
    public static TheoryData<string> Folders => [.. Directory.GetDirectories(DockerFolder.Path("kubernetes")).Select(f => Path.GetFileName(f))];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Kustomization_NamesExactlyTheFilesBesideIt(string folder)
    {
        var listed = ((YamlSequenceNode)Read(folder, "kustomization.yaml").Children["resources"]).Select(n => ((YamlScalarNode)n).Value);
        var there = Directory.GetFiles(DockerFolder.Path("kubernetes", folder)).Select(f => Path.GetFileName(f)).Where(f => f != "kustomization.yaml");
        Assert.Equal(there.Order(), listed.Order());
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Objects_ReadStrictly_HaveOnlyKnownFields(string folder) => Assert.NotEmpty(Load(folder));

    [Fact]
    public void Objects_WithAFieldThatKubernetesDoesNotKnow_AreNotRead() =>
        Assert.ThrowsAny<Exception>(() => KubernetesYaml.LoadAllFromString("apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec:\n  selectors: {}\n", null, strict: true));

    [Fact]
    public void Rights_AreThoseThatTheDashboardUses()
    {
        AssertText("target", RbacManifest.InNamespace("models", "ops"));
        AssertText("target-nodes", RbacManifest.OnCluster("ops"));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Pods_OfAnyWorkload_KeepToTheRestrictedStandard(string folder)
    {
        foreach (var pod in Load(folder).Select(PodOf).OfType<V1PodTemplateSpec>())
        {
            Assert.True(pod.Spec.SecurityContext.RunAsNonRoot);
            Assert.Equal("RuntimeDefault", pod.Spec.SecurityContext.SeccompProfile.Type);
            Assert.All(pod.Spec.Containers, container =>
            {
                Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
                Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
                Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
                Assert.NotNull(container.ReadinessProbe);
                Assert.Contains("memory", container.Resources.Limits.Keys);
                Assert.All(container.VolumeMounts, mount => Assert.True(
                    pod.Spec.Volumes.Any(v => v.Name == mount.Name) || Load(folder).OfType<V1StatefulSet>().Any(s => s.Spec.VolumeClaimTemplates.Any(c => c.Metadata.Name == mount.Name)), mount.Name));
            });
        }
    }

    [Theory]
    [InlineData("dashboard")]
    [InlineData("postgresql")]
    public void Selectors_OfEverything_MeetThePods(string folder)
    {
        var objects = Load(folder);
        var labels = Assert.Single(objects.Select(PodOf).OfType<V1PodTemplateSpec>()).Metadata.Labels;
        var selectors = objects.Select(o => o switch
        {
            V1Service service => service.Spec.Selector,
            V1Deployment deployment => deployment.Spec.Selector.MatchLabels,
            V1StatefulSet set => set.Spec.Selector.MatchLabels,
            V1PodDisruptionBudget budget => budget.Spec.Selector.MatchLabels,
            V1NetworkPolicy policy => policy.Spec.PodSelector.MatchLabels,
            _ => null,
        }).OfType<IDictionary<string, string>>().ToList();
        Assert.NotEmpty(selectors);
        Assert.All(selectors, selector => Assert.All(selector, pair => Assert.Equal(pair.Value, labels[pair.Key])));
    }

    [Fact]
    public void Dashboard_IsThereTwiceAndOneAlwaysStays()
    {
        var objects = Load("dashboard");
        Assert.Equal(2, objects.OfType<V1Deployment>().Single().Spec.Replicas);
        Assert.Equal("0", objects.OfType<V1Deployment>().Single().Spec.Strategy.RollingUpdate.MaxUnavailable.Value);
        Assert.Equal("1", objects.OfType<V1PodDisruptionBudget>().Single().Spec.MinAvailable?.Value ?? objects.OfType<V1PodDisruptionBudget>().Single().Spec.MaxUnavailable?.Value);
    }

    [Fact]
    public void Database_IsReachedByTheDashboardAlone()
    {
        var policy = Load("postgresql").OfType<V1NetworkPolicy>().Single();
        var from = Assert.Single(Assert.Single(policy.Spec.Ingress).FromProperty);
        var dashboard = Load("dashboard").OfType<V1Deployment>().Single().Spec.Template.Metadata.Labels;

        Assert.Equal(["Egress", "Ingress"], policy.Spec.PolicyTypes.Order());
        Assert.Null(policy.Spec.Egress);
        Assert.Null(from.NamespaceSelector);
        Assert.All(from.PodSelector.MatchLabels, label => Assert.Equal(label.Value, dashboard[label.Key]));
    }

    [Fact]
    public void Dashboard_IsGivenSettingsThatItKnows()
    {
        var container = Assert.Single(Load("dashboard").OfType<V1Deployment>().Single().Spec.Template.Spec.Containers);
        Assert.NotEmpty(container.Env);
        Assert.All(container.Env, variable => Assert.True(DockerFolder.IsDocumented(variable.Name), variable.Name));

        var service = Load("dashboard").OfType<V1Service>().Single();
        Assert.Equal($"http://{service.Metadata.Name}.ops.svc:8080", container.Env.Single(e => e.Name == "Ops__Kubernetes__DashboardUrl").Value);
        Assert.Equal(("ClientIP", 8080), (service.Spec.SessionAffinity, service.Spec.Ports.Single().Port));
        Assert.Equal(8080, container.Ports.Single(p => p.Name == service.Spec.Ports.Single().TargetPort.ToString()).ContainerPort);
        Assert.Contains(container.VolumeMounts, mount => container.Env.Single(e => e.Name == "Ops__KeysCertificate").Value.StartsWith(mount.MountPath + "/", StringComparison.Ordinal));
    }

    [Fact]
    public void Dashboard_Outwards_ReachesNoneOfTheAddressesThatStoresMustNotBe()
    {
        var blocks = Load("dashboard").OfType<V1NetworkPolicy>().Single().Spec.Egress.SelectMany(e => e.To ?? []).Select(t => t.IpBlock).OfType<V1IPBlock>().ToList();

        Assert.Equal(["0.0.0.0/0", "::/0"], blocks.Select(b => b.Cidr));
        Assert.Equal(AddressRules.MetadataNetworks.Select(n => n.ToString()).Order(StringComparer.Ordinal), blocks.SelectMany(b => b.Except).Order(StringComparer.Ordinal));
    }

    private static void AssertText(string folder, IReadOnlyList<IKubernetesObject<V1ObjectMeta>> objects)
    {
        var wanted = ObjectYaml.Write(objects);
        Assert.True(wanted.Trim() == File.ReadAllText(DockerFolder.Path("kubernetes", folder, "rbac.yaml")).Trim(), $"docker/kubernetes/{folder}/rbac.yaml has to be:\n{wanted}");
    }

    private static V1PodTemplateSpec? PodOf(object one) => one switch
    {
        V1Deployment deployment => deployment.Spec.Template,
        V1StatefulSet set => set.Spec.Template,
        _ => null,
    };

    private static List<object> Load(string folder) =>
    [
        .. Directory.GetFiles(DockerFolder.Path("kubernetes", folder)).Where(f => Path.GetFileName(f) != "kustomization.yaml")
            .SelectMany(f => KubernetesYaml.LoadAllFromString(File.ReadAllText(f), null, strict: true)),
    ];

    private static YamlMappingNode Read(params string[] names)
    {
        using var reader = new StreamReader(DockerFolder.Path(["kubernetes", .. names]));
        var yaml = new YamlStream();
        yaml.Load(reader);
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }
}
