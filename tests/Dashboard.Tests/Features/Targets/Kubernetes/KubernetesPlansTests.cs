using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Ops.Dashboard.Features.Approvals.Pages;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Inventory;
using Ops.Dashboard.Tests.Features.Rollouts;
using Ops.Data;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes;

/// <summary>Plans for a cluster, checked as the wizard and the command check them.</summary>
public sealed class KubernetesPlansTests : IAsyncDisposable
{
    private FakeCluster cluster = null!;
    private OpsWorld world = null!;

    [Fact]
    public async Task Check_WhatTheTargetSays_IsSealed()
    {
        await StartAsync(new() { NodeFilter = new Dictionary<string, string> { ["pool"] = "a" }, Tolerations = [new("dedicated", "ml")], PriorityClass = "models" });
        cluster.Show(Node("n", labels: new() { ["pool"] = "a" }, taint: "dedicated"));

        // Whatever somebody puts into a draft of what is the target's to say.
        var plan = (await CheckAsync(d => d with { Kubernetes = new() { Namespace = "", Image = "", Tolerations = [new("everything")], PriorityClass = "mine", RuntimeClass = "mine", DiskMiB = 1 } })).Spec!.Kubernetes!;

        Assert.Equal(new Dictionary<string, string> { ["kubernetes.io/os"] = "linux", ["pool"] = "a" }, plan.NodeFilter);
        Assert.Equal(["dedicated=ml"], plan.Tolerations.Select(t => t.ToString()));
        Assert.Equal(("models", null, 513), (plan.PriorityClass, plan.RuntimeClass, plan.DiskMiB));
        Assert.Equal(["Nodes of the target", "Tolerated taints", "Priority class", "Disk"], PlanDiff.Between(null, await SpecAsync()).Select(c => c.Label).Where(l => l is "Nodes of the target" or "Tolerated taints" or "Priority class" or "Runtime class" or "Disk"));
    }

    [Fact]
    public async Task Check_NodeOutsideTheTargets_IsNoRoom()
    {
        await StartAsync(new() { NodeFilter = new Dictionary<string, string> { ["pool"] = "a" } });
        cluster.Show(Node("n", labels: new() { ["pool"] = "b" }));

        Assert.Contains("n has pool=b, the target uses only nodes with pool=a", Assert.Single((await CheckAsync()).Failures).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_FitsOnNoNodeNow_IsAMistakeUnlessTheClusterAddsNodes()
    {
        await StartAsync(new());
        cluster.Show(Node("n", memory: "1Gi"));

        var fixedNodes = await CheckAsync(d => d with { CpuThreads = 64 });
        Assert.Equal(PlanFields.Nodes, Assert.Single(fixedNodes.Failures).Field);
        Assert.Contains("an administrator says so in the target's settings", fixedNodes.Failures[0].Message, StringComparison.Ordinal);
        Assert.Equal(PlanFields.MemoryMiB, Assert.Single((await CheckAsync(d => d with { MemoryMiB = 4096 })).Failures).Field);

        await StartAsync(new() { AddsNodes = true });
        cluster.Show(Node("n", memory: "1Gi"));
        foreach (var change in new Func<DraftPlan, DraftPlan>[] { d => d with { CpuThreads = 64 }, d => d with { MemoryMiB = 4096 }, d => d with { Gpus = 1 } })
        {
            var added = await CheckAsync(change);
            Assert.NotNull(added.Spec);
            Assert.Contains("Replicas wait until the cluster has added one", Assert.Single(added.Warnings), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Check_NoNodesAtAll_WaitsForOneOnlyWhereTheyAreAdded()
    {
        await StartAsync(new());
        Assert.Equal(PlanFields.Target, Assert.Single((await CheckAsync()).Failures).Field);

        await StartAsync(new() { AddsNodes = true });
        Assert.Contains("there is none now", Assert.Single((await CheckAsync()).Warnings), StringComparison.Ordinal);
        Assert.NotNull((await CheckAsync()).Spec);
        cluster.Problem = "The cluster has not answered since 03:04.";
        Assert.Equal(PlanFields.Target, Assert.Single((await CheckAsync()).Failures).Field);
    }

    [Fact]
    public async Task Check_AccountMayNotReadNodes_PlansAllTheSameAndSaysSo()
    {
        await StartAsync(new());
        cluster.ShowsNodes = false;

        var check = await CheckAsync(d => d with { MemoryMiB = 1 << 20, Kubernetes = new() { Namespace = "", Image = "", NodeSelector = new Dictionary<string, string> { ["pool"] = "a" } } });

        Assert.Empty(check.Failures);
        Assert.Equal("a", check.Spec!.Kubernetes!.NodeSelector["pool"]);
        Assert.Contains("may not read nodes", Assert.Single(check.Warnings), StringComparison.Ordinal);
        Assert.NotNull((await world.Get<RequestRollout>().RunAsync(world.As("operator"), Draft(), "because")).Value);
    }

    [Fact]
    public async Task Card_OfAPlanThatMustWait_DoesNotSayThatItFits()
    {
        await StartAsync(new() { AddsNodes = true });
        cluster.Show(Node("n"));
        var fits = (await world.Get<RequestRollout>().RunAsync(world.As("operator"), Draft(), "because")).Value;
        Assert.Contains((await CardAsync(fits)).Checks, c => c.Text == "Fits on lab now.");

        cluster.Remove(Node("n"));

        Assert.DoesNotContain((await CardAsync(fits)).Checks, c => c.Text.StartsWith("Fits", StringComparison.Ordinal));
        Assert.Contains((await CardAsync(fits)).Checks, c => c.Text.Contains("wait until the cluster has added one", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        if (world is not null)
        {
            await world.DisposeAsync();
        }
    }

    private async Task<InboxCard> CardAsync(RolloutRef asked) => (await world.Get<InboxReader>().CardAsync(asked.Id, default))!;

    private async Task StartAsync(PlacementRules rules)
    {
        await DisposeAsync();
        cluster = new() { Settings = new() { Namespace = KubernetesSamples.Namespace, Registries = ["registry.example"], Images = new Dictionary<string, string> { ["ops-runtime"] = KubernetesSamples.Image }, Placement = rules } };
        world = await OpsWorld.CreateAsync(drivers: services => services.AddSingleton<ITargetDriver>(provider => new KubernetesTargetDriver(
            cluster, new(null!), new Turn(), provider.GetRequiredService<ObservedEndpoints>(), provider.GetRequiredService<ITargetEvents>(), TimeProvider.System, NullLogger<KubernetesTargetDriver>.Instance)));
        await using var db = world.Open();
        world.Target = Target.Create(new() { Id = Guid.NewGuid(), Name = "lab", Kind = TargetKinds.Kubernetes, Environment = TargetEnvironment.Production, ByName = "administrator", Now = world.Clock.GetUtcNow(), SettingsJson = "{}" }).Value;
        db.Targets.Add(world.Target);
        await db.SaveChangesAsync();
    }

    private DraftPlan Draft() => world.Draft() with { Kubernetes = new() { Namespace = "", Image = "" } };

    private async Task<PlanSpec> SpecAsync() => (await CheckAsync()).Spec!;

    private async Task<PlanCheck> CheckAsync(Func<DraftPlan, DraftPlan>? change = null)
    {
        await using var db = world.Open();
        return await world.Get<PlanBuilder>().CheckAsync(db, change?.Invoke(Draft()) ?? Draft(), default);
    }

    private static V1Node Node(string name, string memory = "64Gi", Dictionary<string, string>? labels = null, string? taint = null) => new()
    {
        Kind = "Node",
        Metadata = new() { Name = name, Labels = new Dictionary<string, string>(labels ?? []) { ["kubernetes.io/os"] = "linux" } },
        Spec = new() { Taints = taint is null ? null : [new() { Key = taint, Value = "ml", Effect = "NoSchedule" }] },
        Status = new()
        {
            Capacity = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("16"), ["memory"] = new(memory), ["pods"] = new("110"), ["ephemeral-storage"] = new("100Gi") },
            Conditions = [new() { Type = "Ready", Status = "True" }],
        },
    };
}
