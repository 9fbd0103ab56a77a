using System.Diagnostics;
using System.Globalization;
using Ops.Benchmarks.Uploads;
using Ops.Integration.Tests.Targets.Kubernetes;
using Ops.Testing.Kubernetes;

namespace Ops.Benchmarks.Cluster;

/// <summary>
/// What a large cluster costs a dashboard, and how long it takes longer than kubectl. Runs on a control plane of its own, from the binaries in
/// <c>KUBEBUILDER_ASSETS</c> (with kube-controller-manager, kube-scheduler and kubectl), whose nodes are hollow: no container runs.
/// </summary>
internal static class ClusterBenchmark
{
    private const int Gpus = 8;
    private const int Rollouts = 10;
    private const int Looks = 60;
    private const int MiB = 1024 * 1024;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan MostLonger = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(1);

    /// <summary>Measures and prints.</summary>
    /// <returns>0 when the goals are met.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        if (Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS") is not { Length: > 0 } assets)
        {
            Console.Error.WriteLine("KUBEBUILDER_ASSETS names no folder with etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kubectl.");
            return 2;
        }

        var (nodes, endpoints, replicas) = (Number(arguments, "--nodes", 200), Number(arguments, "--endpoints", 100), Number(arguments, "--replicas", 5));
        var folder = Directory.CreateTempSubdirectory("ops-bench-").FullName;
        try
        {
            await using var plane = await ControlPlane.StartAsync(assets);
            using var client = ClusterConnection.Client(plane.KubeConfig);
            var api = new RawApi(client);
            var watched = "";
            await using var kubelet = new HollowKubelet(api, pod => pod.Text("metadata", "name") == watched ? null : PodScript.Ready);
            await AddNodesAsync(api, nodes);
            await api.PostAsync("/api/v1/namespaces", new System.Text.Json.Nodes.JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new System.Text.Json.Nodes.JsonObject { ["name"] = ClusterSeed.Namespace } });
            var kubeconfig = Path.Combine(folder, "kubeconfig");
            await File.WriteAllTextAsync(kubeconfig, plane.KubeConfig);
            var seed = new ClusterSeed(Path.Combine(folder, "data"), replicas);
            await using var dashboard = await MeasuredServer.StartAsync(
                seed.Data,
                seed.FillAsync,
                ("Ops:Kubernetes:Kubeconfig:0", kubeconfig),
                ("Ops:Kubernetes:DashboardUrl", "http://127.0.0.1:1"));
            var isGood = true;

            var first = Stopwatch.StartNew();
            var all = await seed.RequestAsync([.. Enumerable.Range(0, endpoints).Select(i => $"e-{i:D3}")]);
            await seed.SucceededAsync(all);
            Say($"{nodes} nodes ({nodes / 10} with {Gpus} GPUs), {endpoints} endpoints of {replicas} replicas: {endpoints * replicas} pods rolled out in {first.Elapsed.TotalSeconds:F1} s, {dashboard.Processor.TotalSeconds:F1} s of the dashboard's CPU since its start, {dashboard.Memory / MiB} MiB resident");

            var before = dashboard.Processor;
            await Task.Delay(Quiet);
            Say($"quiet for {Quiet.TotalSeconds:F0} s: {(dashboard.Processor - before) / Quiet:P1} of a CPU, {dashboard.Memory / MiB} MiB resident");

            isGood &= await MeasureScreenAsync(api, dashboard, seed, pod => watched = pod);
            isGood &= await MeasureRolloutsAsync(api, new Kubectl(Path.Combine(assets, "kubectl"), kubeconfig, folder), seed);
            return isGood ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task AddNodesAsync(RawApi api, int count)
    {
        var now = Now();
        for (var index = 0; index < count; index++)
        {
            var made = await api.PostAsync("/api/v1/nodes", HollowNode.Create($"node-{index:D3}", "64", "256Gi", index % 10 == 0 ? Gpus : 0, "nvidia.com/gpu", null, now));
            if (made.Code != 201)
            {
                throw new InvalidOperationException(made.Message);
            }
        }
    }

    /// <summary>From a kubelet's report that a pod is or is not ready to the page of its endpoint in a browser.</summary>
    private static async Task<bool> MeasureScreenAsync(RawApi api, MeasuredServer dashboard, ClusterSeed seed, Action<string> watch)
    {
        const string Endpoint = "e-000";
        var path = $"/api/v1/namespaces/{ClusterSeed.Namespace}/pods";
        var pod = (await api.GetAsync($"{path}?labelSelector=app.kubernetes.io/instance%3D{Endpoint}")).Body.Items("items").First().Text("metadata", "name")!;
        watch(pod);
        await using var screen = await EndpointScreen.OpenAsync(dashboard.Address, Endpoint);
        List<TimeSpan> replicas = [], sentences = [];
        for (var look = 0; look < Looks; look++)
        {
            var ready = look % 2 == 0 ? "False" : "True";
            var reported = (await api.GetAsync($"{path}/{pod}")).Body;
            foreach (var condition in reported.Items("status", "conditions").Where(c => c.Text("type") is "Ready" or "ContainersReady"))
            {
                (condition["status"], condition["lastTransitionTime"]) = (ready, Now());
            }

            foreach (var container in reported.Items("status", "containerStatuses"))
            {
                container["ready"] = ready == "True";
            }

            var shown = await screen.ShowsAsync(() => api.PutAsync($"{path}/{pod}/status?fieldManager=kubelet", reported));
            replicas.Add(shown.Replicas);
            sentences.Add(shown.Sentence);

            // At other moments of each second, so that looks do not fall into step with anything that happens once in it.
            await Task.Delay(TimeSpan.FromMilliseconds(300 + (look * 370 % 1000)));
        }

        // Both count: whoever is on call sees the sentence first.
        return Tell("its replica shown otherwise", replicas) & Tell("the endpoint's health and why", sentences);
    }

    private static bool Tell(string what, List<TimeSpan> delays)
    {
        delays.Sort();
        var p95 = delays[(int)(delays.Count * 0.95)];
        Say($"from a kubelet's report to the endpoint's page in Chromium, {what}, {delays.Count} times: p50 {delays[delays.Count / 2].TotalMilliseconds:F0} ms, p95 {p95.TotalMilliseconds:F0} ms (at most {LongestLook.TotalMilliseconds:F0} ms), longest {delays[^1].TotalMilliseconds:F0} ms");
        return p95 <= LongestLook;
    }

    /// <summary>New endpoints, one after the other, against kubectl with the same objects under other names.</summary>
    private static async Task<bool> MeasureRolloutsAsync(RawApi api, Kubectl kubectl, ClusterSeed seed)
    {
        List<(double Ours, double Controller, double Theirs)> times = [];
        for (var index = 0; index < Rollouts; index++)
        {
            var name = $"r-{index:D3}";
            var clock = Stopwatch.StartNew();
            var rollout = await seed.RequestAsync([name]);
            await seed.SucceededAsync(rollout);
            var ours = clock.Elapsed.TotalSeconds;
            var controller = await seed.TookAsync(rollout[0]);
            times.Add((ours, controller.TotalSeconds, (await kubectl.ApplyAsync(api, name, $"k-{index:D3}")).TotalSeconds));
        }

        var (own, inside, theirs) = (Median(times.Select(t => t.Ours)), Median(times.Select(t => t.Controller)), Median(times.Select(t => t.Theirs)));
        Say($"a new endpoint of {seed.Replicas} replicas, {Rollouts} times, median: {own:F2} s from the approval in the registry (of which up to 1 s until the controller's round; {inside:F2} s from the controller's first to its last step), kubectl apply and rollout status of the same objects {theirs:F2} s: {own - theirs:+0.00;-0.00} s (at most +{MostLonger.TotalSeconds:F0} s)");
        return own - theirs <= MostLonger.TotalSeconds;
    }

    private static string Now() => TimeProvider.System.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rollouts / 2);

    private static int Number(string[] arguments, string option, int otherwise) =>
        Array.IndexOf(arguments, option) is >= 0 and var at && at + 1 < arguments.Length ? int.Parse(arguments[at + 1], CultureInfo.InvariantCulture) : otherwise;

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
