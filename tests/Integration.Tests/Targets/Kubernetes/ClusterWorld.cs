using System.Text.Json.Nodes;
using k8s;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Ops.Dashboard.Features.Rollouts;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Dashboard.Features.Targets.Kubernetes.Supply;
using Ops.Dashboard.Features.Targets.Local;
using Ops.Dashboard.Tests.Features.Rollouts;
using Ops.Data;
using Ops.Data.Approvals;
using Ops.Data.Rollouts;
using Ops.Data.Targets;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>A registry with a target that is a namespace of the cluster, and dashboards whose whole controllers run on it by the real clock, over a way to the API that can be made to fail.</summary>
internal sealed class ClusterWorld : IAsyncDisposable
{
    private const string Image = "registry.example/ops-runtime@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly ClusterFixture cluster;
    private readonly List<Dashboard> dashboards = [];
    private readonly SemaphoreSlim asking = new(1);

    private ClusterWorld(ClusterFixture cluster, OpsWorld ops, FaultyApi faults, string space) => (this.cluster, Ops, Faults, Space) = (cluster, ops, faults, space);

    /// <summary>The registry and its people.</summary>
    public OpsWorld Ops { get; }

    /// <summary>What lies between every dashboard and the API.</summary>
    public FaultyApi Faults { get; }

    /// <summary>The namespace.</summary>
    public string Space { get; }

    /// <summary>Where the Lease of the dashboard that acts is.</summary>
    public string LeasePath => $"/apis/coordination.k8s.io/v1/namespaces/{Space}/leases/ops-dashboard";

    /// <summary>The API without faults, as a person with kubectl has it.</summary>
    public RawApi Api => cluster.Api;

    /// <summary>Makes one, without a dashboard that acts.</summary>
    /// <param name="cluster">Where.</param>
    /// <param name="account">Makes a kubeconfig for the namespace that dashboards sign in by; null for an administrator's.</param>
    /// <param name="gateway">The gateway that the target names, in the namespace itself; empty for none.</param>
    /// <param name="prometheus">The Prometheus that has the figures of its pods; null for none.</param>
    /// <param name="change">Changes what else the target says.</param>
    /// <param name="silence">For how long a watch may say nothing; null for longer than a server is silent that is well.</param>
    public static async Task<ClusterWorld> CreateAsync(
        ClusterFixture cluster,
        Func<string, Task<string>>? account = null,
        string gateway = "",
        Uri? prometheus = null,
        Func<KubernetesTargetSettings, KubernetesTargetSettings>? change = null,
        TimeSpan? silence = null)
    {
        var space = await cluster.NamespaceAsync();
        var faults = await FaultyApi.StartAsync(account is null ? cluster.KubeConfig : await account(space));
        var keys = new EphemeralDataProtectionProvider();
        var ops = await OpsWorld.CreateAsync(clock: TimeProvider.System, drivers: services => AddDrivers(services, keys, silence ?? TimeSpan.FromSeconds(70)));
        var world = new ClusterWorld(cluster, ops, faults, space);
        await world.AddTargetAsync(gateway, prometheus?.ToString() ?? "", change ?? (static s => s));
        return world;
    }

    /// <summary>Changes what the target says, as an administrator does who keeps the kubeconfig.</summary>
    public async Task ChangeTargetAsync(Func<KubernetesTargetSettings, KubernetesTargetSettings> change)
    {
        await using var db = Ops.Open();
        var target = await db.Targets.SingleAsync(t => t.Id == Ops.Target.Id);
        Assert.True(target.Change(change(KubernetesTargetSettings.Read(target.SettingsJson)).Write(), target.ProtectedSecrets, "administrator", TimeProvider.System.GetUtcNow()).Succeeded);
        await db.SaveChangesAsync();
        Ops.Target = target;
        await Task.WhenAll(dashboards.Select(d => d.Services).Prepend(Ops.Services).Select(s => s.GetRequiredService<ClusterConnections>().RefreshAsync(CancellationToken.None)));
    }

    /// <summary>Starts a dashboard.</summary>
    /// <param name="life">What may end it in the middle; null for one that lives.</param>
    /// <param name="more">Further services of its.</param>
    public async Task<Dashboard> StartAsync(DashboardLife? life = null, Action<IServiceCollection>? more = null)
    {
        var dashboard = new Dashboard(
            Ops.Start(services =>
            {
                life?.Watch(services, Ops);
                more?.Invoke(services);
            }),
            life);
        dashboards.Add(dashboard);
        await dashboard.StartAsync();
        return dashboard;
    }

    /// <summary>Asks for a version, has it approved, and leaves it to the controller.</summary>
    public async Task<RolloutRef> ApproveAsync(int version, Func<DraftPlan, DraftPlan>? change = null)
    {
        // One after the other: people who ask in the same moment are told to try again.
        await asking.WaitAsync();
        try
        {
            return await DecideAsync(await RequestAsync(version, change));
        }
        finally
        {
            asking.Release();
        }
    }

    /// <summary>Asks for a version.</summary>
    public Task<RolloutRef> RequestAsync(int version, Func<DraftPlan, DraftPlan>? change = null) =>
        Ops.RequestAsync(version, change: d => Changed(d with { Strategy = "rolling", ProgressDeadlineSeconds = 60 }, change));

    /// <summary>Asks for a version that may be refused.</summary>
    public Task<Result<RolloutRef>> TryRequestAsync(int version, Func<DraftPlan, DraftPlan> change) =>
        Ops.Get<RequestRollout>().RunAsync(Ops.As("operator"), change(Ops.Draft(version)), "because");

    /// <summary>Has it approved.</summary>
    public async Task<RolloutRef> DecideAsync(RolloutRef asked)
    {
        var decided = await Ops.DecideAsync(asked.Id, Verdict.Approve);
        Assert.True(decided.Succeeded, decided.Failure?.Message);
        return decided.Value;
    }

    /// <summary>Has a version rolled out to the end.</summary>
    public async Task<RolloutRef> SucceedAsync(int version, Func<DraftPlan, DraftPlan>? change = null)
    {
        var rollout = await ApproveAsync(version, change);
        await EndedAsync(rollout, RolloutState.Succeeded);
        return rollout;
    }

    /// <summary>Waits until the history of a rollout has a sentence with this in it.</summary>
    public Task ToldAsync(RolloutRef rollout, string text) => UntilAsync(
        async () => (await Ops.EventsAsync(rollout.Id)).Any(e => e.Message.Contains(text, StringComparison.Ordinal)),
        async () => $"{await PictureAsync(rollout.EndpointId)}: {string.Join(" | ", (await Ops.EventsAsync(rollout.Id)).Select(e => e.Message))}");

    /// <summary>Waits until no dashboard has changed anything in the cluster for a second: what a person does then meets no pass that is at work.</summary>
    public async Task CalmAsync()
    {
        int before;
        do
        {
            before = Faults.Calls.Count(c => c.IsWrite);
            await Task.Delay(TimeSpan.FromSeconds(1));
        }
        while (Faults.Calls.Count(c => c.IsWrite) != before);
    }

    /// <summary>Asserts that a rollout was asked for, approved, begun and ended well, each once and in this order.</summary>
    public async Task AssertToldOnceAsync(RolloutRef rollout)
    {
        string[] once = [RolloutEventKinds.Requested, RolloutEventKinds.Approved, RolloutEventKinds.Started, RolloutEventKinds.Succeeded];
        Assert.Equal(once, (await Ops.EventsAsync(rollout.Id)).Select(e => e.Kind).Where(once.Contains));
    }

    /// <summary>Waits until a rollout has ended in a state, or fails with what it says instead.</summary>
    public async Task<Rollout> EndedAsync(RolloutRef rollout, RolloutState state)
    {
        await UntilAsync(
            async () => (await Ops.RolloutAsync(rollout.Id)).State == state,
            async () => $"{(await Ops.RolloutAsync(rollout.Id)).State}: {string.Join(" | ", (await Ops.EventsAsync(rollout.Id)).Select(e => e.Message))}");
        return await Ops.RolloutAsync(rollout.Id);
    }

    /// <summary>Waits until the cluster has exactly the objects of one revision of an endpoint, with its replicas ready, and gives back what it has.</summary>
    public async Task<string> QuietAsync(RolloutRef rollout, int version, int replicas = 2)
    {
        var seen = "";
        await UntilAsync(
            async () =>
            {
                seen = await PictureAsync(rollout.EndpointId);
                return seen == Expected(version, replicas);
            },
            () => Task.FromResult(seen));
        return seen;
    }

    /// <summary>What the cluster has of an endpoint: kinds with counts, versions of Deployments and their replicas.</summary>
    public async Task<string> PictureAsync(Guid endpointId)
    {
        List<string> lines = [];
        foreach (var (kind, path) in Paths)
        {
            var list = await ListAsync(path, endpointId);
            lines.Add($"{kind} {list.Count}");
            lines.AddRange(kind == "Deployment"
                ? list.Select(d => $"v{d.Text("metadata", "labels", "app.kubernetes.io/version")} {d.Number("spec", "replicas")}/{d.Number("status", "readyReplicas") ?? 0}")
                : []);
        }

        return string.Join(", ", lines);
    }

    /// <summary>The pods of an endpoint that are not going.</summary>
    public async Task<IReadOnlyList<JsonObject>> PodsAsync(Guid endpointId) =>
        [.. (await ListAsync($"/api/v1/namespaces/{Space}/pods", endpointId)).Where(p => p.Text("metadata", "deletionTimestamp") is null)];

    /// <summary>The fewest ready pods that an endpoint had at any look until told. Pods are counted, since what a Deployment says of them lags behind.</summary>
    /// <param name="endpointId">Whose.</param>
    /// <param name="over">Ends the count.</param>
    /// <param name="version">Of which version; null for all.</param>
    public async Task<long> LeastReadyAsync(Guid endpointId, CancellationToken over, int? version = null)
    {
        var least = long.MaxValue;
        while (!over.IsCancellationRequested)
        {
            var pods = await PodsAsync(endpointId);
            least = Math.Min(least, pods.Count(p => (version is null || p.Text("metadata", "labels", "app.kubernetes.io/version") == $"{version}") && Conditions.Find(p, "Ready").Text("status") == "True"));
            await Task.Delay(100, CancellationToken.None);
        }

        return least;
    }

    /// <summary>The Deployment of a version.</summary>
    public async Task<JsonObject?> DeploymentAsync(Guid endpointId, int version) =>
        (await ListAsync(Deployments, endpointId)).SingleOrDefault(d => d.Text("metadata", "labels", "app.kubernetes.io/version") == $"{version}");

    /// <summary>The path of one of the namespace's Deployments.</summary>
    public string PathOf(JsonObject deployment) => $"{Deployments}/{deployment.Text("metadata", "name")}";

    /// <summary>Decides how pods of a version behave in this namespace.</summary>
    public Task ScriptAsync(int version, PodScript script, string endpoint = "digits") => cluster.ScriptAsync(
        p => p.Text("metadata", "namespace") == Space && p.Text("metadata", "labels", "app.kubernetes.io/instance") == endpoint && p.Text("metadata", "labels", "app.kubernetes.io/version") == $"{version}",
        script);

    /// <summary>Waits for something, and says what there is instead when it does not come about.</summary>
    public static async Task UntilAsync(Func<Task<bool>> holds, Func<Task<string>> otherwise, TimeSpan? patience = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            if (TimeProvider.System.GetElapsedTime(started) > (patience ?? Patience))
            {
                Assert.Fail($"It did not come about: {await otherwise()}");
            }

            await Task.Delay(50);
        }
    }

    /// <summary>What the cluster has when one revision alone runs.</summary>
    public static string Expected(int version, int replicas = 2) =>
        $"ServiceAccount 1, NetworkPolicy 1, PodDisruptionBudget 1, ConfigMap 1, Secret 1, Service 2, Deployment 1, v{version} {replicas}/{replicas}";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Faults.Heal();
        foreach (var dashboard in dashboards)
        {
            await dashboard.StopAsync();
        }

        asking.Dispose();
        await Ops.DisposeAsync();
        await Faults.DisposeAsync();
        await Api.DeleteAsync($"/api/v1/namespaces/{Space}");
    }

    private string Deployments => $"/apis/apps/v1/namespaces/{Space}/deployments";

    private IEnumerable<(string Kind, string Path)> Paths =>
    [
        ("ServiceAccount", $"/api/v1/namespaces/{Space}/serviceaccounts"),
        ("NetworkPolicy", $"/apis/networking.k8s.io/v1/namespaces/{Space}/networkpolicies"),
        ("PodDisruptionBudget", $"/apis/policy/v1/namespaces/{Space}/poddisruptionbudgets"),
        ("ConfigMap", $"/api/v1/namespaces/{Space}/configmaps"),
        ("Secret", $"/api/v1/namespaces/{Space}/secrets"),
        ("Service", $"/api/v1/namespaces/{Space}/services"),
        ("Deployment", Deployments),
    ];

    private async Task<IReadOnlyList<JsonObject>> ListAsync(string path, Guid endpointId)
    {
        // A server that has too much to do at the moment has not said that there is nothing.
        RawReply reply;
        var asked = 0;
        while ((reply = await Api.GetAsync($"{path}?labelSelector={Uri.EscapeDataString($"{ObjectLabels.EndpointId}={ObjectLabels.Key(endpointId)}")}")).Code != 200)
        {
            Assert.InRange(++asked, 1, 20);
            await Task.Delay(200);
        }

        return [.. reply.Body.Items("items")];
    }

    private static DraftPlan Changed(DraftPlan draft, Func<DraftPlan, DraftPlan>? change) => change?.Invoke(draft) ?? draft;

    private static void AddDrivers(IServiceCollection services, IDataProtectionProvider keys, TimeSpan silence)
    {
        services.Configure<RolloutsOptions>(o => (o.ResyncSeconds, o.LeaseSeconds, o.LeaseRenewSeconds, o.BackoffMaxSeconds, o.TargetTimeoutSeconds) = (1, 3, 1, 1, 5));
        services.Configure<KubernetesOptions>(o => (o.RequestTimeout, o.RequestsPerSecond, o.Burst, o.AllowInsecure, o.LeaseSeconds) = (TimeSpan.FromSeconds(2), 500, 500, true, 3));
        services.AddClusters();
        services.AddKubernetesDriver();
        services.Replace(ServiceDescriptor.Singleton(keys));
        services.Replace(ServiceDescriptor.Singleton(provider => new ClusterConnections(
            provider.GetRequiredService<IDbContextFactory<RegistryDb>>(), provider.GetRequiredService<ClusterFactory>(), provider.GetRequiredService<TargetSecrets>(),
            TimeProvider.System, provider.GetRequiredService<Microsoft.Extensions.Logging.ILoggerFactory>())
        {
            Terms = new() { Silence = silence, LongestPause = TimeSpan.FromMilliseconds(500), FirstPause = TimeSpan.FromMilliseconds(50) },
        }));

        // Pods of hollow nodes fetch nothing.
        services.Replace(ServiceDescriptor.Singleton(provider => new VersionSupply(
            (plan, _) => Task.FromResult(Result.Of(new VersionSource("onnx", [new("model.onnx", new Uri($"https://store.example/{plan.Version}?signature=secret"), new string('a', 64), 10)]))),
            provider.GetRequiredService<FetchLinks>(),
            TimeProvider.System)));
    }

    private async Task AddTargetAsync(string gateway, string prometheus, Func<KubernetesTargetSettings, KubernetesTargetSettings> change)
    {
        await using var db = Ops.Open();
        var id = Guid.CreateVersion7();
        var settings = change(new() { Namespace = Space, Registries = ["registry.example"], RuntimeImage = Image, Gateway = gateway, Prometheus = prometheus });
        Assert.True(settings.Check().Succeeded);
        var target = Target.Create(new()
        {
            Id = id,
            Name = "cluster",
            Kind = TargetKinds.Kubernetes,
            Environment = TargetEnvironment.Production,
            SettingsJson = settings.Write(),
            ProtectedSecrets = Ops.Get<TargetSecrets>().Protect(id, Faults.KubeConfig),
            ByName = "administrator",
            Now = TimeProvider.System.GetUtcNow(),
        }).Value;
        db.Targets.Add(target);
        await db.SaveChangesAsync();
        Ops.Target = target;
    }
}

/// <summary>One dashboard's controller, connections and drivers, all at work.</summary>
internal sealed class Dashboard(ServiceProvider services, DashboardLife? life)
{
    private readonly List<IHostedService> hosted = [];

    /// <summary>Its services.</summary>
    public IServiceProvider Services => services;

    /// <summary>What may end it; null for nothing.</summary>
    public DashboardLife? Life => life;

    /// <summary>Starts everything that works by itself.</summary>
    public async Task StartAsync()
    {
        foreach (var service in services.GetServices<IHostedService>())
        {
            await service.StartAsync(CancellationToken.None);
            hosted.Add(service);
        }
    }

    /// <summary>Ends it as <see cref="StopAsync"/> does, and what it has left open: nothing of it listens to the cluster any more.</summary>
    public async Task EndAsync()
    {
        await StopAsync();
        await services.DisposeAsync();
    }

    /// <summary>Ends it: gently, unless its life has ended already.</summary>
    public async Task StopAsync()
    {
        life?.Resume();
        foreach (var service in Enumerable.Reverse(hosted))
        {
            await service.StopAsync(CancellationToken.None);
        }

        hosted.Clear();
    }
}
