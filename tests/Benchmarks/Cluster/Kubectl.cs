using System.Diagnostics;
using System.Text.Json.Nodes;
using Ops.Integration.Tests.Targets.Kubernetes;
using Ops.Testing.Kubernetes;

namespace Ops.Benchmarks.Cluster;

/// <summary>kubectl, for what a person without a dashboard does.</summary>
internal sealed class Kubectl(string program, string kubeconfig, string folder)
{
    private static readonly string[] Kinds =
    [
        "/api/v1/{0}/serviceaccounts", "/apis/networking.k8s.io/v1/{0}/networkpolicies", "/apis/policy/v1/{0}/poddisruptionbudgets", "/api/v1/{0}/configmaps", "/api/v1/{0}/secrets",
        "/api/v1/{0}/services", "/apis/apps/v1/{0}/deployments",
    ];

    /// <summary>Applies the objects of an endpoint under another name and waits for its Deployment.</summary>
    /// <returns>How long both commands took.</returns>
    public async Task<TimeSpan> ApplyAsync(RawApi api, string endpoint, string name)
    {
        var (file, deployment) = await CopyAsync(api, endpoint, name);
        var clock = Stopwatch.StartNew();
        await RunAsync("apply", "-f", file);
        await RunAsync("rollout", "status", $"deployment/{deployment}", "-n", ClusterSeed.Namespace, "--timeout=60s");
        return clock.Elapsed;
    }

    private async Task<(string File, string Deployment)> CopyAsync(RawApi api, string endpoint, string name)
    {
        var items = new JsonArray();
        var deployment = "";
        foreach (var kind in Kinds)
        {
            var list = (await api.GetAsync($"{kind.Replace("{0}", $"namespaces/{ClusterSeed.Namespace}", StringComparison.Ordinal)}?labelSelector=app.kubernetes.io/instance%3D{endpoint}")).Body;
            foreach (var item in list.Items("items").Select(i => i.Copy()))
            {
                item["apiVersion"] = list.Text("apiVersion");
                item["kind"] = list.Text("kind")![..^"List".Length];
                item.Remove("status");
                foreach (var field in (string[])["uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"])
                {
                    item["metadata"]!.AsObject().Remove(field);
                }

                foreach (var field in (string[])["clusterIP", "clusterIPs"])
                {
                    (item["spec"] as JsonObject)?.Remove(field);
                }

                deployment = item.Text("kind") == "Deployment" ? item.Text("metadata", "name")! : deployment;
                items.Add(item);
            }
        }

        // The key of the endpoint is in labels and selectors: the copy gets one of its own.
        var text = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "List", ["items"] = items }.ToJsonString();
        var key = items[0].Text("metadata", "labels", "ops-dashboard/endpoint-id")!;
        text = text.Replace(key, Guid.NewGuid().ToString("D"), StringComparison.Ordinal).Replace("\"ops-dashboard\"", "\"kubectl\"", StringComparison.Ordinal).Replace(endpoint, name, StringComparison.Ordinal);
        var file = Path.Combine(folder, $"{name}.json");
        await File.WriteAllTextAsync(file, text);
        return (file, deployment.Replace(endpoint, name, StringComparison.Ordinal));
    }

    private async Task RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(program, ["--kubeconfig", kubeconfig, .. arguments]) { RedirectStandardOutput = true };
        start.Environment["HOME"] = folder;
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"kubectl {arguments[0]} ended with {process.ExitCode}: {said}");
        }
    }
}
