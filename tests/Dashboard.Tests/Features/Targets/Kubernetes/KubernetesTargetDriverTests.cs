using System.Text;
using k8s.Models;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Apply;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Dashboard.Features.Targets.Kubernetes.Supply;
using Ops.Data;
using Ops.Data.Rollouts;
using Ops.Data.Targets;
using Ops.Testing;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes;

public sealed class KubernetesTargetDriverTests : IDisposable
{
    private readonly FakeCluster cluster = new();
    private readonly ObservedEndpoints observed = new();
    private readonly List<TargetEvent> told = [];
    private readonly ManualTime time = new();
    private readonly Turn turn = new();
    private readonly RevisionSpec one = KubernetesSamples.Revision(number: 1);
    private readonly RevisionSpec two = KubernetesSamples.Revision(number: 2);
    private readonly string first;
    private KubernetesTargetDriver driver;

    public KubernetesTargetDriverTests()
    {
        driver = Driver();
        first = ObjectNames.Of(KubernetesSamples.Endpoint, one);
    }

    private static EndpointRef Endpoint => KubernetesSamples.Endpoint;

    [Fact]
    public async Task Apply_Twice_SendsEverythingOnceInTheOrderItIsNeeded()
    {
        await ApplyAsync(one);

        Assert.Equal(
            ["ServiceAccount/digits", "NetworkPolicy/digits", "PodDisruptionBudget/digits", $"ConfigMap/{first}", $"Secret/{first}-fetch", $"Service/{first}", "Service/digits", $"Deployment/{first}"],
            cluster.Calls.Select(c => c["apply ".Length..]));
        cluster.Calls.Clear();
        await ApplyAsync(one);
        Assert.Empty(cluster.Calls);
    }

    [Fact]
    public async Task Apply_AnotherDashboardTakesOverInTheMiddle_ChangesNothingMore()
    {
        await SettledAsync();
        turn.Holds = () => cluster.Calls.Count == 0;

        await Assert.ThrowsAsync<InvalidOperationException>(() => ApplyAsync(two));
        Assert.Single(cluster.Calls);

        // The next pass in turn begins where the cluster is, not where this process thought to be.
        turn.Holds = () => true;
        await ApplyAsync(two);
        await ApplyAsync(two);
        Assert.Equal([two.PlanId], cluster.All<V1Deployment>().Select(d => ObjectLabels.PlanOf(d.Metadata)));
        Assert.Contains($"delete Deployment/{first}", cluster.Calls);
    }

    [Fact]
    public async Task Apply_TurnIsOverWhileTheClusterIsBusy_GivesUp()
    {
        cluster.Answers = new TaskCompletionSource().Task;
        var pass = ApplyAsync(one);

        turn.Holds = () => false;
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Contains("taken over", (await Assert.ThrowsAsync<InvalidOperationException>(() => pass.WaitAsync(TimeSpan.FromSeconds(20)))).Message, StringComparison.Ordinal);
        Assert.Empty(cluster.Calls);
    }

    [Fact]
    public async Task Apply_WhileTheWatchIsBehind_TrustsTheReplies()
    {
        await ApplyAsync(one);
        cluster.Calls.Clear();
        cluster.Lags = true;

        await ApplyAsync(one with { Replicas = 5 });
        await ApplyAsync(one with { Replicas = 5 });
        cluster.CatchUp();
        await ApplyAsync(one with { Replicas = 5 });

        Assert.Equal([$"apply Deployment/{first}"], cluster.Calls);
        Assert.Empty(told);
    }

    [Fact]
    public async Task Apply_RevisionLeftOut_IsDeletedAndTheRestStays()
    {
        await ApplyAsync(one, two);
        cluster.Calls.Clear();

        await ApplyAsync(two);

        Assert.Equal("apply Service/digits", cluster.Calls[0]);
        Assert.Equal(["ConfigMap", "Deployment", "Secret", "Service"], cluster.Calls.Skip(1).Select(c => c.Split(' ', '/')[1]).Order());
        Assert.All(cluster.Calls.Skip(1), c => Assert.Contains(first, c, StringComparison.Ordinal));
        await ApplyAsync();
        Assert.Empty(cluster.All<V1Deployment>());
        Assert.Empty(cluster.All<V1ServiceAccount>());
    }

    [Fact]
    public async Task Apply_AfterARestart_KnowsWhatItMadeAndRemovesWhatIsWantedNoMore()
    {
        await ApplyAsync(one, two);
        cluster.Calls.Clear();
        driver.Dispose();
        driver = Driver();

        await ApplyAsync(two);

        Assert.Equal("apply Service/digits", cluster.Calls[0]);
        Assert.All(cluster.Calls.Skip(1), c => Assert.StartsWith("delete", c, StringComparison.Ordinal));
        Assert.Empty(told);
    }

    [Fact]
    public async Task Apply_NameThatIsTaken_LeavesTheOtherAlone()
    {
        cluster.Put(new V1Service { Kind = "Service", Metadata = new() { Name = "digits" }, Spec = new() }, "helm");

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => ApplyAsync(one));

        Assert.Contains("Service digits that does not belong to digits", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("apply Service/digits", cluster.Calls);
    }

    [Fact]
    public async Task Apply_PlanOfAnotherNamespace_TouchesNothing()
    {
        var plan = KubernetesSamples.Plan with { Kubernetes = KubernetesSamples.Plan.Kubernetes! with { Namespace = "kube-system" } };

        await Assert.ThrowsAsync<InvalidOperationException>(() => ApplyAsync(KubernetesSamples.Revision(plan)));

        Assert.Empty(cluster.Calls);
    }

    [Fact]
    public async Task Apply_PlanFromBeforeTheTargetKeptToSomeNodes_RunsOnButDoesNotBegin()
    {
        await SettledAsync();
        FakeCluster kept = new() { Settings = cluster.Settings with { Placement = new() { NodeFilter = new Dictionary<string, string> { ["pool"] = "a" } } } };
        foreach (var there in cluster.All<V1Deployment>())
        {
            kept.Put(there, ObjectLabels.Manager);
        }

        using var other = Driver(kept);
        await other.ApplyAsync(Endpoint, [one], CancellationToken.None);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => other.ApplyAsync(Endpoint, [one, two], CancellationToken.None));

        Assert.Contains("kept to nodes with pool=a. Plan it anew.", refused.Message, StringComparison.Ordinal);
        Assert.Single(kept.All<V1Deployment>());
        var within = KubernetesSamples.Revision(KubernetesSamples.Plan with { Kubernetes = KubernetesSamples.Plan.Kubernetes! with { NodeFilter = new Dictionary<string, string> { ["pool"] = "a" } } }, number: 2);
        await other.ApplyAsync(Endpoint, [one, within], CancellationToken.None);
        Assert.Contains(kept.All<V1Deployment>(), d => d.Spec.Template.Spec.NodeSelector?["pool"] == "a");
    }

    [Fact]
    public async Task Apply_ImageThatAPersonChanged_IsPutBackAtOnceAndTold()
    {
        await SettledAsync();
        cluster.Edit<V1Deployment>(first, d => d.Spec.Template.Spec.Containers[0].Image = "evil.example/x");

        await ApplyAsync(one);

        Assert.Equal(KubernetesSamples.Image, cluster.All<V1Deployment>().Single().Spec.Template.Spec.Containers[0].Image);
        Assert.Contains("by kubectl-edit. It is put back.", Assert.Single(told).Message, StringComparison.Ordinal);
        Assert.Empty(driver.DriftOf(Endpoint.Id));
    }

    [Fact]
    public async Task Apply_DeletedDeployment_ComesBack()
    {
        await SettledAsync();
        cluster.Remove(cluster.All<V1Deployment>().Single());

        await ApplyAsync(one);

        Assert.Single(cluster.All<V1Deployment>());
        Assert.Contains("was deleted", Assert.Single(told).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_DeletedInTheMomentOfAnApply_IsToldOnce()
    {
        await SettledAsync();
        cluster.Lags = true;
        cluster.Remove(cluster.All<V1Deployment>().Single());

        await ApplyAsync(one with { Replicas = 5 });
        await ApplyAsync(one with { Replicas = 5 });
        cluster.CatchUp();
        await ApplyAsync(one with { Replicas = 5 });

        Assert.Equal($"The Deployment {first} was deleted. It is put back.", Assert.Single(told).Message);
        Assert.Equal([$"apply Deployment/{first}"], cluster.Calls);
    }

    [Fact]
    public async Task Apply_WantedAgainBeforeTheWatchShowsItGone_IsMadeAndNobodyIsBlamed()
    {
        await ApplyAsync(one, two);
        await ApplyAsync(one, two);
        cluster.Lags = true;

        await ApplyAsync(two);
        await ApplyAsync(one, two);
        cluster.CatchUp();
        await ApplyAsync(one, two);

        Assert.Equal(2, cluster.All<V1Deployment>().Count);
        Assert.Empty(told);
    }

    [Fact]
    public async Task Apply_RevisionThatBecomesReady_IsInTheServiceFromThenOn()
    {
        await ApplyAsync(one);
        await ApplyAsync(one, two with { Weight = 0 });
        Assert.Equal(ObjectLabels.PodsOf(Endpoint, one.PlanId), Selector());

        await ApplyAsync(one, two);
        Assert.Equal(ObjectLabels.PodsOf(Endpoint), Selector());

        await ApplyAsync(two);
        Assert.Equal(ObjectLabels.PodsOf(Endpoint, two.PlanId), Selector());
        Assert.Empty(told);

        IDictionary<string, string> Selector() => cluster.All<V1Service>().Single(s => s.Metadata.Name == "digits").Spec.Selector;
    }

    [Fact]
    public async Task Apply_CanaryThatIsTakenDown_IsOutOfTheServiceBeforeItsReplicasGo()
    {
        await ApplyAsync(one, two with { Replicas = 1 });
        await ApplyAsync(one, two with { Replicas = 1 });
        cluster.Calls.Clear();

        await ApplyAsync(one);

        Assert.Equal("apply Service/digits", cluster.Calls[0]);
        Assert.Contains($"delete Deployment/{ObjectNames.Of(Endpoint, two)}", cluster.Calls);
        Assert.Equal(ObjectLabels.PodsOf(Endpoint, one.PlanId), cluster.All<V1Service>().Single(s => s.Metadata.Name == "digits").Spec.Selector);
    }

    [Fact]
    public async Task Apply_CanaryBehindAGateway_HasNoWeightBeforeItsReplicasGo()
    {
        var routed = new FakeCluster { HasRoutes = true, Settings = cluster.Settings with { Gateway = (null, "web") } };
        using var through = Driver(routed);
        var plan = KubernetesSamples.Plan with { Kubernetes = KubernetesSamples.Plan.Kubernetes! with { Hostname = "digits.example" } };
        var (old, canary) = (KubernetesSamples.Revision(plan, number: 1), KubernetesSamples.Revision(plan, number: 2));
        await through.ApplyAsync(Endpoint, [old with { Weight = 50 }, canary with { Weight = 50 }], default);
        routed.Calls.Clear();

        await through.ApplyAsync(Endpoint, [old with { Weight = 100 }, canary with { Weight = 0, Replicas = 1 }], default);

        Assert.Equal(["apply Service/digits", "apply HTTPRoute/digits", $"apply Deployment/{ObjectNames.Of(Endpoint, canary)}"], routed.Calls);
        Assert.Equal([100, 0], routed.All<HttpRoute>().Single().Spec.Rules[0].BackendRefs.Select(b => b.Weight));
    }

    [Fact]
    public async Task Apply_ScaledByAPersonWhileNothingMoves_WaitsForSomebodyToPutItBack()
    {
        await SettledAsync();
        cluster.Edit<V1Deployment>(first, d => d.Spec.Replicas = 7);

        await ApplyAsync(one);
        await ApplyAsync(one);

        Assert.Empty(cluster.Calls);
        Assert.Equal("spec.replicas", Assert.Single(driver.DriftOf(Endpoint.Id)).Path);
        Assert.Single(told);

        await driver.ApplyAsync(Endpoint with { PutsBack = true }, [one], CancellationToken.None);
        Assert.Equal(2, cluster.All<V1Deployment>().Single().Spec.Replicas);
        Assert.Empty(driver.DriftOf(Endpoint.Id));
    }

    [Fact]
    public async Task Apply_ScaledByAPersonMidRollout_IsPutBack()
    {
        await ApplyAsync(one, two);
        cluster.Edit<V1Deployment>(first, d => d.Spec.Replicas = 0);

        await ApplyAsync(one, two);

        Assert.Equal(2, cluster.All<V1Deployment>().Single(d => d.Metadata.Name == first).Spec.Replicas);
    }

    [Fact]
    public async Task Apply_Autoscaled_LeavesTheNumberToTheScalerUntilARolloutSaysIt()
    {
        var plan = KubernetesSamples.Plan with { Kubernetes = KubernetesSamples.Plan.Kubernetes! with { Autoscaling = new() { MinReplicas = 2, MaxReplicas = 9, CpuPercent = 50 } } };
        var scaled = KubernetesSamples.Revision(plan, number: 1) with { IsScaled = true };
        var name = ObjectNames.Of(Endpoint, scaled);
        await ApplyAsync(scaled);
        cluster.Edit<V1Deployment>(name, d => d.Spec.Replicas = 6, "kube-controller-manager");

        await ApplyAsync(scaled);
        Assert.Equal(6, (await driver.ObserveAsync(Endpoint, default)).Scale[scaled.PlanId]);
        Assert.Single(cluster.All<V2HorizontalPodAutoscaler>());
        await ApplyAsync(scaled with { IsScaled = false, Replicas = 6 }, two);

        Assert.Equal(6, cluster.All<V1Deployment>().Single(d => d.Metadata.Name == name).Spec.Replicas);
        Assert.Empty(cluster.All<V2HorizontalPodAutoscaler>());
        Assert.Empty(told);
    }

    [Theory]
    [InlineData("model-cache")]
    [InlineData(null)]
    public async Task Fill_CacheClaim_IsTheTargetsWhateverThePlanSays(string? claim)
    {
        FakeCluster settled = new() { Settings = cluster.Settings with { CacheClaim = claim, Images = new Dictionary<string, string> { ["ops-runtime"] = KubernetesSamples.Image } } };
        using var filler = Driver(settled);
        var asked = KubernetesSamples.Plan with { Kubernetes = KubernetesSamples.Plan.Kubernetes! with { CacheClaim = "another" } };

        var target = Target.Create(new() { Id = Endpoint.TargetId, Name = "cluster", Kind = TargetKinds.Kubernetes, Environment = TargetEnvironment.Staging, SettingsJson = "{}", ByName = "olga", Now = time.GetUtcNow() }).Value;

        var filled = (await filler.FillAsync(target, asked, 10L << 30, default)).Value;

        Assert.Equal(claim, filled.Kubernetes!.CacheClaim);
        Assert.Equal(claim is null, filled.Kubernetes.DiskMiB > 10 * 1024);
        Assert.Equal(claim is not null, filled.ToCanonicalJson().Contains("cacheClaim", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234", "x")]
    [InlineData("pool", "x\nhostNetwork: true")]
    [InlineData("kubernetes.io/role", "master")]
    public void CheckNodes_LabelThatCannotBe_IsToldAtTheLabelAndNotAtTheNodes(string name, string value)
    {
        var plan = KubernetesSamples.Plan with { Kubernetes = KubernetesSamples.Plan.Kubernetes! with { NodeSelector = new Dictionary<string, string> { [name] = value } } };
        Node node = new() { Name = "node-1", Architecture = "x64", CpuCores = 8, MemoryBytes = 64L << 30, MemoryFreeBytes = 64L << 30 };

        Assert.Equal("nodeSelector", driver.CheckNodes(plan, new([node], time.GetUtcNow()), runs: false).Failure?.Field);
        Assert.Equal("nodeSelector", driver.CheckNodes(plan, new([node], time.GetUtcNow()), runs: true).Failure?.Field);
    }

    [Fact]
    public async Task Apply_AddressesThatGrowOld_AreRenewed()
    {
        await ApplyAsync(one);
        cluster.Calls.Clear();
        time.Advance(TimeSpan.FromHours(5));
        await ApplyAsync(one);
        Assert.Empty(cluster.Calls);

        time.Advance(TimeSpan.FromHours(2));
        await ApplyAsync(one);

        Assert.Equal([$"apply Secret/{first}-fetch"], cluster.Calls);
    }

    [Fact]
    public async Task Apply_AddressesThatAnotherDashboardRenewedMeanwhile_AreNobodysChange()
    {
        await SettledAsync();
        time.Advance(TimeSpan.FromHours(1));
        using (var other = Driver())
        {
            await other.ApplyAsync(Endpoint, [one], default);
        }

        await ApplyAsync(one);

        Assert.Equal([$"apply Secret/{first}-fetch", $"apply Secret/{first}-fetch"], cluster.Calls);
        Assert.Empty(told);
        Assert.Empty(driver.DriftOf(Endpoint.Id));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    public async Task Apply_AddressesThatSomebodyElseHasChanged_ArePutBackAtOnceAndNeverShown(string? content)
    {
        await SettledAsync();
        cluster.Edit<V1Secret>($"{first}-fetch", s => s.Data = content is null ? null : new Dictionary<string, byte[]> { ["manifest.json"] = Encoding.UTF8.GetBytes(content) });

        await ApplyAsync(one);
        await ApplyAsync(one);

        Assert.Equal([$"apply Secret/{first}-fetch"], cluster.Calls);
        Assert.Contains("https://store.example/", Encoding.UTF8.GetString(cluster.All<V1Secret>().Single().Data["manifest.json"]), StringComparison.Ordinal);
        var message = Assert.Single(told).Message;
        Assert.StartsWith($"data[manifest.json] of the Secret {first}-fetch was changed from sha256:", message, StringComparison.Ordinal);
        Assert.EndsWith("by kubectl-edit. It is put back.", message, StringComparison.Ordinal);
        Assert.DoesNotContain("store.example", message, StringComparison.Ordinal);
        Assert.Empty(driver.DriftOf(Endpoint.Id));
    }

    [Fact]
    public async Task Watch_PodsChange_IsPublishedAndTold()
    {
        await ApplyAsync(one);
        await driver.ObserveAsync(Endpoint, CancellationToken.None);

        cluster.Put(Pod("a", ready: false), "kubelet");
        cluster.Put(Pod("a", ready: true), "kubelet");

        Assert.Equal(1, observed.Find(Endpoint.Id)!.ReadyOf(one.PlanId));
        Assert.Equal([TargetEventKinds.Started, TargetEventKinds.Ready], told.Select(t => t.Kind));
        Assert.Equal("Replica a is ready on gpu-1.", told[^1].Message);
        cluster.Remove(Pod("a", ready: true));
        Assert.Empty(observed.Find(Endpoint.Id)!.Replicas);
        Assert.Equal((TargetEventKinds.Stopped, "Replica a is gone from gpu-1."), (told[^1].Kind, told[^1].Message));
    }

    [Fact]
    public async Task Observe_QuotaUsedUp_ShowsTheMissingReplicaWithItsReason()
    {
        await ApplyAsync(one);
        cluster.Edit<V1Deployment>(first, d => d.Status = new() { Conditions = [new() { Type = "ReplicaFailure", Status = "True", Message = "pods \"x\" is forbidden: exceeded quota: gpus" }] });

        var replica = Assert.Single((await driver.ObserveAsync(Endpoint, CancellationToken.None)).Replicas);

        Assert.Equal(ReplicaPhase.Failed, replica.Phase);
        Assert.Contains("quota is used up", replica.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Observe_ClusterThatDoesNotAnswer_IsNoGroundToDecideOn()
    {
        cluster.Problem = "The cluster has not answered since 03:04.";

        Assert.Equal(cluster.Problem, (await Assert.ThrowsAsync<InvalidOperationException>(() => driver.ObserveAsync(Endpoint, CancellationToken.None))).Message);
    }

    [Fact]
    public async Task Watch_EventOfAPodThatWasNeverMade_IsToldOnceForItsEndpoint()
    {
        await ApplyAsync(one);
        await driver.ObserveAsync(Endpoint, CancellationToken.None);
        var happened = new Corev1Event
        {
            Kind = "Event", Metadata = new() { Name = "e", Uid = "e" }, Type = "Warning", Reason = "FailedCreate", Message = "exceeded quota: gpus", Count = 1,
            LastTimestamp = time.GetUtcNow().UtcDateTime.AddSeconds(1), InvolvedObject = new() { Kind = "ReplicaSet", Name = $"{first}-5d4f8c7b9" },
        };

        cluster.Show(happened);
        cluster.Show(happened);
        cluster.Show(happened with { InvolvedObject = new() { Kind = "ReplicaSet", Name = "another-5d4f8c7b9" }, Metadata = new() { Name = "f", Uid = "f" } });

        var news = Assert.Single(told);
        Assert.Equal((Endpoint.Id, one.PlanId, TargetEventKinds.Cluster), (news.EndpointId, news.PlanId, news.Kind));
    }

    [Fact]
    public async Task ReadLog_ChoosesTheContainerThatHasSomethingToSay()
    {
        cluster.Put(Pod("a", ready: true), "kubelet");
        var starting = Pod("b", ready: false);
        starting.Status.ContainerStatuses = null;
        cluster.Put(starting, "kubelet");

        await driver.ReadLogAsync(Endpoint, "a", 10, CancellationToken.None);
        await driver.ReadLogAsync(Endpoint, "b", 10, CancellationToken.None);
        Assert.Empty(await driver.ReadLogAsync(Endpoint with { Id = Guid.NewGuid() }, "a", 10, CancellationToken.None));

        Assert.Equal(["a/server", "b/fetch"], cluster.Logs);
    }

    public void Dispose() => driver.Dispose();

    private async Task SettledAsync()
    {
        await ApplyAsync(one);
        await ApplyAsync(one);
        cluster.Calls.Clear();
    }

    private Task ApplyAsync(params RevisionSpec[] revisions) => driver.ApplyAsync(Endpoint, revisions, CancellationToken.None);

    private KubernetesTargetDriver Driver(FakeCluster? of = null)
    {
        var links = new FetchLinks(new EphemeralDataProtectionProvider(), Options.Create(new KubernetesOptions()));
        var supply = new VersionSupply((_, _) => Task.FromResult(Result.Of(KubernetesSamples.Source)), links, time);
        return new(of ?? cluster, new(supply), turn, observed, new Told(told), time, NullLogger<KubernetesTargetDriver>.Instance);
    }

    private V1Pod Pod(string name, bool ready) => new()
    {
        Kind = "Pod",
        Metadata = new() { Name = name, Labels = ObjectLabels.Of(Endpoint, one) },
        Spec = new() { NodeName = "gpu-1" },
        Status = new()
        {
            Phase = "Running",
            PodIP = "10.0.0.1",
            ContainerStatuses = [new() { Name = "server", Ready = ready, State = new() { Running = new() { StartedAt = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc) } } }],
        },
    };

    private sealed class Told(List<TargetEvent> events) : ITargetEvents
    {
        public void Report(TargetEvent happened) => events.Add(happened);
    }
}
