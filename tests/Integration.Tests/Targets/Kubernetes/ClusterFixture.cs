using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Ops.Testing.Kubernetes;

[assembly: AssemblyFixture(typeof(Ops.Integration.Tests.Targets.Kubernetes.ClusterFixture))]

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>The cluster that the suite runs against: the one of <c>OPS_TEST_KUBECONFIG</c>, a control plane from the binaries in <c>KUBEBUILDER_ASSETS</c>, else the double in this process. Tests are the same on each, share it and keep to namespaces of their own.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private readonly ConcurrentStack<(Func<JsonObject, bool> Matches, PodScript Script)> scripts = [];
    private ControlPlane? plane;
    private HollowKubelet? kubelet;
    private HttpClient? client;

    /// <summary>The double; null on a real control plane.</summary>
    internal KubernetesDouble? Double { get; private set; }

    /// <summary>Whether the server is a real one.</summary>
    internal bool IsReal => Double is null;

    /// <summary>A kubeconfig of an administrator.</summary>
    internal string KubeConfig { get; private set; } = "";

    /// <summary>The API.</summary>
    internal RawApi Api { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("OPS_TEST_KUBECONFIG") is { Length: > 0 } path)
        {
            KubeConfig = await File.ReadAllTextAsync(path);
        }
        else if (Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS") is { Length: > 0 } assets)
        {
            plane = await ControlPlane.StartAsync(assets);
            KubeConfig = plane.KubeConfig;
        }
        else
        {
            Double = await KubernetesDouble.StartAsync();
            KubeConfig = Double.KubeConfig();
        }

        client = ClusterConnection.Client(KubeConfig);
        Api = new RawApi(client);
        if (IsReal)
        {
            kubelet = new HollowKubelet(Api, ScriptOf);
        }

        await AddNodeAsync("cpu-1", 0);
        await AddNodeAsync("gpu-1", 2);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await (kubelet?.DisposeAsync() ?? ValueTask.CompletedTask);
        client?.Dispose();
        await (plane?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (Double?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    /// <summary>Makes a namespace for one test.</summary>
    internal async Task<string> NamespaceAsync()
    {
        var name = "t-" + Guid.NewGuid().ToString("N")[..12];
        var made = await Api.PostAsync("/api/v1/namespaces", new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = name } });
        Assert.True(made.Code == 201, made.Message);
        if (IsReal)
        {
            await Api.UntilAsync($"/api/v1/namespaces/{name}/serviceaccounts/default", b => b.Text("kind") == "ServiceAccount");
        }

        return name;
    }

    /// <summary>Adds a hollow node; one that is there already stays.</summary>
    internal async Task AddNodeAsync(string name, int gpus)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        var node = HollowNode.Create(name, "64", "256Gi", gpus, "nvidia.com/gpu", null, now);
        var made = await Api.PostAsync("/api/v1/nodes", node);
        Assert.True(made.Code is 201 or 409, made.Message);
        if (IsReal)
        {
            // A server takes conditions of a node from its status alone, and takes the taint of a node that is not ready away when it is.
            await Api.UntilAsync($"/api/v1/nodes/{name}", n => !n.Items("spec", "taints").Any(t => t.Text("key")!.StartsWith("node.kubernetes.io/", StringComparison.Ordinal)));
        }
    }

    /// <summary>Decides how pods behave whose image contains a text; ready at once without.</summary>
    internal Task ScriptAsync(string imagePart, PodScript script) =>
        ScriptAsync(pod => pod.Items("spec", "containers").Any(c => c.Text("image")?.Contains(imagePart, StringComparison.Ordinal) == true), script);

    /// <summary>Decides how pods behave; the latest rule that matches wins.</summary>
    internal Task ScriptAsync(Func<JsonObject, bool> matches, PodScript script)
    {
        scripts.Push((matches, script));
        Double?.Cluster!.Script(matches, script);
        return kubelet?.ReplayAsync() ?? Task.CompletedTask;
    }

    private PodScript ScriptOf(JsonObject pod) => scripts.FirstOrDefault(s => s.Matches(pod)).Script ?? PodScript.Ready;
}
