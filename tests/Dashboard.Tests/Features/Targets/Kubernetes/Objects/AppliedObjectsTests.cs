using System.Net.Http.Headers;
using System.Reflection;
using System.Text;
using k8s;
using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Testing.Kubernetes;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Objects;

public sealed class AppliedObjectsTests
{
    [Fact]
    public async Task Apply_EveryObjectWithStrictValidation_IsTakenAndComparesAsNoDrift()
    {
        await using var cluster = await KubernetesDouble.StartAsync(new() { Cluster = false });
        using var http = new HttpClient { BaseAddress = cluster.Address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", cluster.Token);

        foreach (var one in Everything("ops"))
        {
            var entity = one.GetType().GetCustomAttribute<KubernetesEntityAttribute>()!;
            var root = entity.Group.Length == 0 ? $"api/{entity.ApiVersion}" : $"apis/{entity.Group}/{entity.ApiVersion}";
            using var content = new StringContent(KubernetesJson.Serialize(one), Encoding.UTF8, MediaTypeHeaderValue.Parse("application/apply-patch+yaml"));
            using var reply = await http.PatchAsync(new Uri($"{root}/namespaces/ops/{entity.PluralName}/{one.Metadata.Name}?fieldManager={ObjectLabels.Manager}&fieldValidation=Strict", UriKind.Relative), content);

            var text = await reply.Content.ReadAsStringAsync();
            Assert.True(reply.IsSuccessStatusCode, $"{one.Kind}: {text}");
            Assert.Empty(Drift.Between(one, (IKubernetesObject<V1ObjectMeta>)Read(one.GetType(), text)));
        }
    }

    private static IEnumerable<IKubernetesObject<V1ObjectMeta>> Everything(string ns)
    {
        var plan = KubernetesSamples.Plan with
        {
            Nodes = ["gpu-1", "gpu-2"],
            Resources = new() { CpuThreads = 2, MemoryMiB = 2048, Gpus = 1 },
            EnvironmentVariables = new Dictionary<string, string> { ["GREETING"] = "" },
            Kubernetes = KubernetesSamples.Plan.Kubernetes! with
            {
                NodeSelector = new Dictionary<string, string> { ["pool"] = "a" },
                Hostname = "digits.example",
                Autoscaling = new() { MinReplicas = 1, MaxReplicas = 3, CpuPercent = 70, MemoryPercent = 80, PodMetric = "queue", PodMetricAverage = "1500m" },
            },
        };
        var (endpoint, revision, source) = (KubernetesSamples.Endpoint, KubernetesSamples.Revision(plan), KubernetesSamples.Source);
        return
        [
            EndpointObjects.ServiceAccount(endpoint, ns, ["registry-login"]),
            EndpointObjects.NetworkPolicy(endpoint, [source], ns),
            EndpointObjects.DisruptionBudget(endpoint, ns),
            RevisionObjects.Configuration(endpoint, revision, source, ns),
            RevisionObjects.FetchSecret(endpoint, revision, source, ns, default),
            RevisionObjects.Service(endpoint, revision, ns),
            RevisionObjects.Deployment(endpoint, revision, source, ns, 2),
            RevisionObjects.Autoscaler(endpoint, revision, ns)!,
            EndpointObjects.Service(endpoint, [revision], ns),
            HttpRoute.Of(endpoint, [revision], ns, (null, "public"))!,
        ];
    }

    private static object Read(Type type, string text) => typeof(AppliedObjectsTests)
        .GetMethod(nameof(ReadAs), BindingFlags.Static | BindingFlags.NonPublic)!.MakeGenericMethod(type).Invoke(null, [text])!;

    private static T ReadAs<T>(string text) => KubernetesJson.Deserialize<T>(text);
}
