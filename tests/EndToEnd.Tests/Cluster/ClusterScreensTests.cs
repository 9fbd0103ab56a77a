using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Ops.Data.Access;
using Ops.EndToEnd.Tests.Support;
using Ops.Testing.Kubernetes;
using static Microsoft.Playwright.Assertions;

namespace Ops.EndToEnd.Tests.Cluster;

/// <summary>What people see of replicas that load or fail, of GPUs, and of what an unknown endpoint has left, wide and on a phone, in light and in dark.</summary>
public sealed class ClusterScreensTests(BrowserFixture browser) : BrowserTest(browser)
{
    private const string Image = "registry.example/ops-runtime@sha256:1111111111111111111111111111111111111111111111111111111111111111";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Axe axe = new();

    [Fact]
    public async Task Pages_OfAClusterInTrouble_SayWhatIsTheMatter()
    {
        var cluster = Own(await KubernetesDouble.StartAsync());
        cluster.AddNamespace("models");
        cluster.Cluster!.AddNode("gpu-1", gpus: 4, labels: new Dictionary<string, string> { ["nvidia.com/gpu.product"] = "NVIDIA-A100-SXM4-40GB" });
        cluster.Cluster.Script(_ => true, new PodScript { Start = TimeSpan.FromHours(1), Log = ["""{"EventId":1029,"State":{"Step":"warm-up","Done":1,"Total":3}}"""] });
        cluster.Create(
            new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "ConfigMap",
                ["metadata"] = new JsonObject
                {
                    ["name"] = "old-0a1b2c3d",
                    ["namespace"] = "models",
                    ["labels"] = new JsonObject { ["app.kubernetes.io/managed-by"] = "ops-dashboard", ["app.kubernetes.io/instance"] = "old", ["ops-dashboard/endpoint-id"] = "11111111-2222-3333-4444-555555555555" },
                },
            },
            "ops-dashboard");
        var port = DashboardProcess.FreePort();
        var dashboard = Own(await DashboardProcess.StartAsync((_, _) => Task.CompletedTask, port, ("Ops:Kubernetes:DashboardUrl", $"http://127.0.0.1:{port}"), ("Ops:Kubernetes:AllowInsecure", "true")));
        var olga = Own(await Browser.SignInAsync(dashboard, await dashboard.AddPersonAsync(Roles.Operator | Roles.Administrator, "olga")));
        var anton = Own(await Browser.SignInAsync(dashboard, await dashboard.AddPersonAsync(Roles.Approver, "anton")));
        await Road.UploadAsync(olga, Digits.MlpFile, "digits", 1);
        await AddClusterAsync(olga, cluster);
        var main = olga.Page.GetByRole(AriaRole.Main);
        await Expect(main).ToContainTextAsync("Nothing tells how busy the GPUs are");
        await Expect(main).ToContainTextAsync("Left by endpoints this registry does not know");
        await LookAsync(olga, "trouble-target");

        await olga.GoAsync($"/rollouts/new?version={await Road.VersionIdAsync(dashboard, "digits", 1)}&step=where");
        await olga.Page.GetByLabel("Endpoint", new() { Exact = true }).FillAsync("digits");
        await olga.Page.GetByLabel("Target", new() { Exact = true }).SelectOptionAsync(new SelectOptionValue { Label = "gpu-cluster (production)" });
        await olga.Page.GetByLabel("GPUs of each replica").FillAsync("1");
        await olga.Page.GetByLabel("GPUs of each replica").BlurAsync();
        foreach (var title in new[] { "Resources", "Strategy", "Review" })
        {
            await olga.Page.GetByRole(AriaRole.Button, new() { Name = "Next" }).ClickAsync();
            await Expect(olga.Page.GetByRole(AriaRole.Heading, new() { Name = title, Exact = true })).ToBeVisibleAsync();
        }

        await olga.Page.GetByLabel("Why").FillAsync("the first version");
        var rollout = await Road.SubmitAsync(olga);
        await Road.ApproveAsync(anton, "digits");
        await olga.GoAsync($"/rollouts/{rollout}");
        await Expect(main).ToContainTextAsync("Warm-up, run 2 of 3", new() { Timeout = (float)Patience.TotalMilliseconds });
        await Expect(main).ToContainTextAsync("1 × nvidia.com/gpu (NVIDIA-A100-SXM4-40GB)");
        await LookAsync(olga, "trouble-loading");

        cluster.Cluster.Script(_ => true, PodScript.CrashLoop(3, "no such operator: FusedAttention"));
        foreach (var pod in cluster.List(ResourceKind.Pod, "models"))
        {
            cluster.Delete(ResourceKind.Pod, "models", pod.Text("metadata", "name")!);
        }

        await Expect(main).ToContainTextAsync("It ended with exit code 3: no such operator: FusedAttention.", new() { Timeout = (float)Patience.TotalMilliseconds });
        await olga.Page.Locator(".replica-chip").First.ClickAsync();
        await Expect(olga.Page.GetByRole(AriaRole.Heading, new() { Name = "Last lines of its log" })).ToBeVisibleAsync();
        await LookAsync(olga, "trouble-crash");

        await olga.GoAsync("/targets/gpu-cluster");
        await olga.Page.GetByRole(AriaRole.Button, new() { Name = "Delete them" }).ClickAsync();
        var dialog = olga.Page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Reason").FillAsync("of before the restore");
        await dialog.GetByLabel("Type old to confirm").FillAsync("old");
        await LookAsync(olga, "trouble-delete");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();
        await Expect(main).Not.ToContainTextAsync("Left by endpoints this registry does not know");
        Assert.Null(cluster.Get(ResourceKind.Find("", "v1", "configmaps")!, "models", "old-0a1b2c3d"));
        Assert.True(axe.Violations.Count == 0, string.Join('\n', axe.Violations));
        Assert.Empty(olga.Errors);
    }

    private static async Task AddClusterAsync(SignedIn window, KubernetesDouble cluster)
    {
        await window.GoAsync("/targets/new");
        var page = window.Page.GetByRole(AriaRole.Form, new() { Name = "Cluster" });
        await page.GetByLabel("Kubeconfig", new() { Exact = true }).FillAsync(cluster.KubeConfig());
        await page.GetByLabel("Kubeconfig", new() { Exact = true }).BlurAsync();
        await Expect(page.GetByLabel("Namespace", new() { Exact = true })).ToHaveValueAsync("ops");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("gpu-cluster");
        await page.GetByLabel("Environment").SelectOptionAsync(new SelectOptionValue { Label = "production" });
        await page.GetByLabel("Namespace", new() { Exact = true }).FillAsync("models");
        await page.GetByLabel("Image of the runtime, by digest").FillAsync(Image);
        await page.GetByLabel("Registries images may come from").FillAsync("registry.example");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add the cluster" }).ClickAsync();
        await window.Page.WaitForURLAsync("**/targets/gpu-cluster");
    }

    private async Task LookAsync(SignedIn window, string name)
    {
        foreach (var (size, width, height) in new[] { ("wide", 1440, 900), ("phone", 390, 844) })
        {
            await window.Page.SetViewportSizeAsync(width, height);
            foreach (var theme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                await window.Page.EmulateMediaAsync(new() { ColorScheme = theme });
                await window.Page.ScreenshotAsync(new() { Path = TestFolders.Result($"{name}-{size}-{theme}.png"), FullPage = true });
            }
        }

        await window.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
        await axe.LookAsync(window, name);
        await window.Page.SetViewportSizeAsync(1440, 900);
    }
}
