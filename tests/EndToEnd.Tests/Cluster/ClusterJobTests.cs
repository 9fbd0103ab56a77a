using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using Ops.Data.Access;
using Ops.Data.Rollouts;
using Ops.EndToEnd.Tests.Support;
using Ops.Testing.Kubernetes;
using static Microsoft.Playwright.Assertions;

namespace Ops.EndToEnd.Tests.Cluster;

/// <summary>
/// The whole job against a cluster, in the browser. The API, scheduler and controllers are the double's; behind each pod stands a real runtime, whose
/// figures the dashboard asks for through the API server as it does from outside a cluster.
/// </summary>
public sealed class ClusterJobTests(BrowserFixture browser) : BrowserTest(browser)
{
    private const string Image = "registry.example/ops-runtime@sha256:1111111111111111111111111111111111111111111111111111111111111111";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly Axe axe = new();

    [Fact]
    public async Task ClusterJob_OnChosenGpuNodes_ACanaryWhoseGateFailsIsRolledBack()
    {
        var cluster = Own(await KubernetesDouble.StartAsync());
        cluster.AddNamespace("models");
        cluster.Cluster!.AddNode("cpu-1");
        cluster.Cluster.AddNode("gpu-1", gpus: 4, change: node => node["status"]!["allocatable"]!["nvidia.com/gpu"] = "3");
        cluster.Cluster.AddNode("gpu-2", gpus: 4, change: InAPool);
        cluster.Cluster.AddNode("gpu-3", gpus: 4, change: InAPool);
        var stable = Own(await PodRuntime.StartAsync(Digits.MlpFile, "digits", 1));
        var canary = Own(await PodRuntime.StartAsync(Digits.CnnFile, "digits", 2));
        cluster.Pods.Backend = (space, pod, _) => cluster.Get(ResourceKind.Pod, space, pod)?.Text("metadata", "labels", "app.kubernetes.io/version") switch
        {
            "1" => stable.Address,
            "2" => canary.Address,
            _ => null,
        };

        var port = DashboardProcess.FreePort();
        var dashboard = Own(await DashboardProcess.StartAsync((_, _) => Task.CompletedTask, port, ("Ops:Kubernetes:DashboardUrl", $"http://127.0.0.1:{port}"), ("Ops:Kubernetes:AllowInsecure", "true")));
        var olga = Own(await Browser.SignInAsync(dashboard, await dashboard.AddPersonAsync(Roles.Operator | Roles.Administrator, "olga")));
        var anton = Own(await Browser.SignInAsync(dashboard, await dashboard.AddPersonAsync(Roles.Approver | Roles.OnCall, "anton")));
        await Road.UploadAsync(olga, Digits.MlpFile, "digits", 1);
        await Road.UploadAsync(olga, Digits.CnnFile, "digits", 2);
        await AddClusterAsync(olga, cluster);

        // The first version, on two of the three nodes that have GPUs.
        await olga.GoAsync($"/rollouts/new?version={await Road.VersionIdAsync(dashboard, "digits", 1)}&step=where");
        await olga.Page.GetByLabel("Endpoint", new() { Exact = true }).FillAsync("digits");
        await olga.Page.GetByLabel("Target", new() { Exact = true }).SelectOptionAsync(new SelectOptionValue { Label = "gpu-cluster (production)" });
        await olga.Page.GetByLabel("GPUs of each replica").FillAsync("1");
        await olga.Page.GetByLabel("GPUs of each replica").BlurAsync();
        var nodes = olga.Page.GetByRole(AriaRole.Region, new() { Name = "Nodes" });
        await Expect(nodes.GetByRole(AriaRole.Row).Filter(new() { HasText = "cpu-1" })).ToContainTextAsync("does not fit");
        await Expect(nodes.GetByRole(AriaRole.Row).Filter(new() { HasText = "gpu-1" })).ToContainTextAsync("3 of 4 usable, 3 free");
        await Expect(nodes.GetByRole(AriaRole.Row).Filter(new() { HasText = "gpu-2" })).ToContainTextAsync("fits 4 replicas");
        await nodes.GetByLabel("Use gpu-2").CheckAsync();
        await nodes.GetByLabel("Use gpu-3").CheckAsync();
        await LookAsync(olga, "cluster-1-where");
        await NextAsync(olga, "Resources");
        await olga.Page.GetByLabel("Replicas", new() { Exact = true }).FillAsync("2");
        await NextAsync(olga, "Strategy");
        await NextAsync(olga, "Review");
        await Expect(olga.Page.GetByText("sku=gpu:NoSchedule").First).ToBeVisibleAsync();
        await LookAsync(olga, "cluster-2-review");
        await olga.Page.GetByLabel("Why").FillAsync("the first version");
        var first = await Road.SubmitAsync(olga);
        await Road.ApproveAsync(anton, "digits");
        Assert.Equal(RolloutState.Succeeded, await Road.EndOfAsync(dashboard, first, Patience));
        await olga.GoAsync($"/rollouts/{first}");
        await Expect(olga.Page.GetByText("gpu-2").First).ToBeVisibleAsync();
        await LookAsync(olga, "cluster-3-first");
        Assert.Equal(["gpu-2", "gpu-3"], PodsOf(cluster, "1").Select(p => p.Text("spec", "nodeName")).Order());
        await AskInThePlaygroundAsync(olga);

        // The second as a canary, whose gate allows a millisecond and which is asked for a lot at once.
        await olga.GoAsync($"/rollouts/new?version={await Road.VersionIdAsync(dashboard, "digits", 2)}&endpoint=digits");
        await NextAsync(olga, "Resources");
        await NextAsync(olga, "Strategy");
        await olga.Page.GetByLabel("Canary").CheckAsync();
        await olga.Page.GetByRole(AriaRole.Button, new() { Name = "25 → 100", Exact = true }).ClickAsync();
        await olga.Page.GetByRole(AriaRole.Group, new() { Name = "Step 1" }).GetByLabel("Lasts (s)").FillAsync("5");
        var gates = olga.Page.GetByRole(AriaRole.List, new() { Name = "Gates" }).GetByRole(AriaRole.Group);
        while (await gates.CountAsync() > 1)
        {
            var before = await gates.CountAsync();
            await gates.Last.GetByRole(AriaRole.Button).ClickAsync();
            await Expect(gates).ToHaveCountAsync(before - 1);
        }

        if (await gates.CountAsync() == 0)
        {
            await olga.Page.GetByRole(AriaRole.Button, new() { Name = "Add a gate" }).ClickAsync();
        }

        await gates.First.GetByLabel("Metric").SelectOptionAsync(new SelectOptionValue { Label = "Latency p95" });
        await gates.First.GetByLabel("At most (ms)").FillAsync("1");
        await gates.First.GetByLabel("× stable").FillAsync("");
        await gates.First.GetByLabel("Min. requests").FillAsync("5");
        await gates.First.GetByLabel("Window (s)").FillAsync("10");
        await Expect(olga.Page.GetByLabel("Roll back automatically")).ToBeCheckedAsync();
        await LookAsync(olga, "cluster-4-strategy");
        await NextAsync(olga, "Review");
        await olga.Page.GetByLabel("Why").FillAsync("better on noisy images");
        await olga.Page.GetByText("The objects in the cluster, as YAML").ClickAsync();
        await olga.Page.GetByRole(AriaRole.Button, new() { Name = "Compare with the cluster" }).ClickAsync();
        // The Service of the endpoint is what will choose the new revision.
        await Expect(olga.Page.GetByRole(AriaRole.Region, new() { Name = "Compared with the cluster" })).ToContainTextAsync("3 as planned, 1 different, 4 new, 4 removed");
        await LookAsync(olga, "cluster-5-compared");
        await olga.Page.GetByRole(AriaRole.Button, new() { Name = "Dry run" }).ClickAsync();
        await Expect(olga.Page.GetByRole(AriaRole.Region, new() { Name = "Dry run" })).ToContainTextAsync("8 accepted");
        await LookAsync(olga, "cluster-5-review");
        var second = await Road.SubmitAsync(olga);
        await Road.ApproveAsync(anton, "digits");
        await anton.GoAsync($"/rollouts/{second}");

        using var traffic = new CancellationTokenSource();
        var asking = Task.WhenAll(AskAsync(stable.Address, 1, traffic.Token), AskAsync(canary.Address, 256, traffic.Token));
        await Eventually.TrueAsync("The canary runs", Patience, () => PodsOf(cluster, "2").Count > 0);
        await Expect(anton.Page.GetByRole(AriaRole.Main)).ToContainTextAsync("25 %", new() { Timeout = 60_000 });
        await LookAsync(anton, "cluster-6-canary");
        Assert.Equal(RolloutState.Failed, await Road.EndOfAsync(dashboard, second, Patience));
        await traffic.CancelAsync();
        await asking;

        // Everything is told where the on-call engineer looks, and only what was there before runs.
        var page = anton.Page.GetByRole(AriaRole.Main);
        await Expect(page).ToContainTextAsync("A gate failed: Latency p95 is");
        await Expect(anton.Page.GetByRole(AriaRole.Region, new() { Name = "Event stream" })).ToContainTextAsync("Goes back to digits 1");
        await LookAsync(anton, "cluster-7-rolled-back");
        await Eventually.TrueAsync("The canary is gone", Patience, () => PodsOf(cluster, "2").Count == 0);
        Assert.Equal(2, PodsOf(cluster, "1").Count);
        await using var db = dashboard.OpenRegistry();
        Assert.True(await db.AuditEntries.AnyAsync(e => e.Action == "rollout.roll-back-automatically" && e.SubjectId == second.ToString()));
        Assert.True(axe.Violations.Count == 0, string.Join('\n', axe.Violations));
        Assert.Empty(olga.Errors);
        Assert.Empty(anton.Errors);
    }

    // As AKS marks the nodes of a pool of GPUs.
    private static void InAPool(System.Text.Json.Nodes.JsonObject node) =>
        node["spec"]!["taints"]!.AsArray().Add(new System.Text.Json.Nodes.JsonObject { ["key"] = "sku", ["value"] = "gpu", ["effect"] = "NoSchedule" });

    private async Task AddClusterAsync(SignedIn window, KubernetesDouble cluster)
    {
        await window.GoAsync("/targets/new");
        var page = window.Page.GetByRole(AriaRole.Form, new() { Name = "Cluster" });
        await page.GetByLabel("Kubeconfig", new() { Exact = true }).FillAsync(cluster.KubeConfig());
        await page.GetByLabel("Kubeconfig", new() { Exact = true }).BlurAsync();

        // The page takes the namespace of the kubeconfig over, and must have done so before another is typed.
        await Expect(page.GetByLabel("Namespace", new() { Exact = true })).ToHaveValueAsync("ops");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("gpu-cluster");
        await page.GetByLabel("Environment").SelectOptionAsync(new SelectOptionValue { Label = "production" });
        await page.GetByLabel("Namespace", new() { Exact = true }).FillAsync("models");
        await page.GetByLabel("Image of the runtime, by digest").FillAsync(Image);
        await page.GetByLabel("Registries images may come from").FillAsync("registry.example");
        await page.GetByText("Pods: taints, runtime class").ClickAsync();
        await page.GetByLabel("Tolerated taints with GPUs").FillAsync("sku=gpu:NoSchedule");
        await page.GetByLabel("Tolerated taints with GPUs").BlurAsync();
        await LookAsync(window, "cluster-0-settings");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add the cluster" }).ClickAsync();
        await window.Page.WaitForURLAsync("**/targets/gpu-cluster");
        await Expect(window.Page.GetByText("gpu-3").First).ToBeVisibleAsync();
        await LookAsync(window, "cluster-0-target");
    }

    /// <summary>From outside the cluster a request goes to a pod through the API server.</summary>
    private async Task AskInThePlaygroundAsync(SignedIn window)
    {
        var digits = Digits.Read();
        await window.GoAsync("/endpoints/digits/playground");
        var request = window.Page.GetByRole(AriaRole.Region, new() { Name = "Request", Exact = true });
        await request.GetByRole(AriaRole.Button, new() { Name = "JSON", Exact = true }).ClickAsync();
        await request.GetByLabel("Values of input as JSON").FillAsync(JsonSerializer.Serialize(digits.Input(0).ToArray()));
        var answered = window.Page.WaitForResponseAsync(r => r.Url.Contains("/serve/digits/", StringComparison.Ordinal));
        await request.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        var answer = await (await answered).JsonAsync();
        Assert.Equal("mlp", digits.WhoAnswered(0, Digits.Logits(answer!.Value)));
        await Expect(window.Page.GetByRole(AriaRole.Region, new() { Name = "Response", Exact = true }).Locator("pre").First).ToBeAttachedAsync();
        await LookAsync(window, "cluster-3a-playground");
    }

    private static async Task NextAsync(SignedIn window, string title)
    {
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Next" }).ClickAsync();
        await Expect(window.Page.GetByRole(AriaRole.Heading, new() { Name = title, Exact = true })).ToBeVisibleAsync();
    }

    private async Task LookAsync(SignedIn window, string name)
    {
        await window.Page.ScreenshotAsync(new() { Path = TestFolders.Result(name + ".png"), FullPage = true });
        await axe.LookAsync(window, name);
    }

    private static IReadOnlyList<System.Text.Json.Nodes.JsonObject> PodsOf(KubernetesDouble cluster, string version) =>
        [.. cluster.List(ResourceKind.Pod, "models").Where(p => p.Text("metadata", "labels", "app.kubernetes.io/version") == version && p.Text("metadata", "deletionTimestamp") is null)];

    private static async Task AskAsync(Uri address, int images, CancellationToken cancellation)
    {
        using var http = new HttpClient { BaseAddress = address };
        var body = new { inputs = new[] { new { name = "input", shape = new[] { images, 1, 8, 8 }, datatype = "FP32", data = new double[images * 64] } } };
        for (var count = 0; count < 5000 && !cancellation.IsCancellationRequested; count++)
        {
            using var answer = await http.PostAsJsonAsync("/v2/models/digits/infer", body, CancellationToken.None);
            answer.EnsureSuccessStatusCode();
            await Task.Delay(50, CancellationToken.None);
        }
    }
}
