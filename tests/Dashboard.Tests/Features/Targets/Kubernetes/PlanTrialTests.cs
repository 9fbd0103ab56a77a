using System.Text.Json.Nodes;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Dashboard.Features.Targets.Kubernetes.Supply;
using Ops.Dashboard.Tests.Support;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Audit;
using Ops.Data.Rollouts;
using Ops.Testing.Kubernetes;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes;

/// <summary>A plan against the double's API, by the real client.</summary>
public sealed class PlanTrialTests(TestRegistry registry) : IClassFixture<TestRegistry>, IAsyncLifetime
{
    private readonly List<TrialLine> lines = [];
    private DrivenDouble world = null!;
    private PlanTrial trial = null!;

    public async ValueTask InitializeAsync()
    {
        world = await DrivenDouble.StartAsync();
        VersionSupply supply = new((_, _) => Task.FromResult(Result.Of(KubernetesSamples.Source)), new(new EphemeralDataProtectionProvider(), Options.Create(new KubernetesOptions())), TimeProvider.System);
        trial = new(new(world.Clusters, new(supply), supply), registry.Commands);
    }

    [Fact]
    public async Task Compare_NothingThere_EverythingIsMade()
    {
        Assert.True((await CompareAsync(DrivenDouble.Plan)).Succeeded);

        Assert.Equal(8, lines.Count);
        Assert.All(lines, l => Assert.Equal(TrialOutcome.New, l.Outcome));
        Assert.Empty(world.Cluster.List(ResourceKind.Find("apps", "v1", "deployments")!, DrivenDouble.Namespace));
    }

    [Fact]
    public async Task Compare_WhatRuns_SaysWhatChangesAndWhatGoes()
    {
        var running = await RunAsync();
        await UntilAsync(async () => (await CompareAsync(running.Plan, running.PlanId)).Succeeded && lines.All(l => l.Outcome == TrialOutcome.Same));
        Assert.Equal((8, 0), (lines.Count, lines.Sum(l => l.Details.Count)));

        world.Cluster.Edit(ResourceKind.Find("apps", "v1", "deployments")!, DrivenDouble.Namespace, Name(running.Plan), d => d["spec"]!["replicas"] = 5);
        await UntilAsync(async () => (await CompareAsync(running.Plan, running.PlanId)).Succeeded && lines.Any(l => l.Outcome == TrialOutcome.Differs));
        Assert.Equal(["spec.replicas: 5 → 2"], lines.Single(l => l.Outcome == TrialOutcome.Differs).Details);

        // Another version: its own objects are made, and those of what runs go.
        Assert.True((await CompareAsync(running.Plan with { Version = 4 })).Succeeded);
        Assert.Equal(4, lines.Count(l => l.Outcome == TrialOutcome.New));
        var service = lines.Single(l => l is { Kind: "Service", Name: "digits" });
        Assert.Equal([$"spec.selector[ops-dashboard/plan-id]: {ObjectLabels.Key(running.PlanId)} → the id that this plan gets when it is saved"], service.Details);
        Assert.Equal(["ConfigMap", "Deployment", "Secret", "Service"], lines.Where(l => l.Outcome == TrialOutcome.Leaves).Select(l => l.Kind).Order());
    }

    [Fact]
    public async Task DryRun_ClusterTakesIt_ChangesNothing()
    {
        Assert.True((await DryRunAsync(DrivenDouble.Plan)).Succeeded);

        Assert.Equal(8, lines.Count);
        Assert.All(lines, l => Assert.Equal(TrialOutcome.Taken, l.Outcome));
        Assert.All(world.Cluster.Api.Requests.Where(r => r.Method == "PATCH"), r => Assert.True(r.IsDryRun));
        Assert.Empty(world.Cluster.List(ResourceKind.Find("", "v1", "services")!, DrivenDouble.Namespace));
    }

    [Fact]
    public async Task DryRun_FieldsOfOthersAndMissingRights_AreNamedAndTheRestGoesOn()
    {
        var running = await RunAsync();
        world.Cluster.Edit(ResourceKind.Find("apps", "v1", "deployments")!, DrivenDouble.Namespace, Name(running.Plan), d => d["spec"]!["replicas"] = 5);
        world.Cluster.Access.Restrict("system:serviceaccount:ops:ops-dashboard", new AccessRule(["*"], ["", "apps", "policy", "autoscaling"], ["*"]));

        Assert.True((await DryRunAsync(running.Plan, running.PlanId)).Succeeded);

        Assert.Equal(["Deployment", "NetworkPolicy"], lines.Where(l => l.Outcome == TrialOutcome.Refused).Select(l => l.Kind).Order());
        Assert.Contains("kubectl-edit has set .spec.replicas", Refusal("Deployment"), StringComparison.Ordinal);
        Assert.Contains("The account of this target may not do this", Refusal("NetworkPolicy"), StringComparison.Ordinal);
        Assert.Equal(8, lines.Count);
    }

    [Fact]
    public async Task DryRun_NameThatIsTaken_SaysThatItWouldBeLeftAlone()
    {
        world.Cluster.Create(JsonNode.Parse("""{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"digits","namespace":"ops"}}""")!.AsObject(), "helm");
        world.Cluster.Create(JsonNode.Parse("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"digits","namespace":"ops"},"spec":{"ports":[{"port":80}]}}""")!.AsObject(), "helm");

        Assert.True((await DryRunAsync(DrivenDouble.Plan)).Succeeded);

        Assert.Contains(lines, l => l is { Kind: "Service", Name: "digits", Outcome: TrialOutcome.Refused });
    }

    [Fact]
    public async Task DryRun_ClusterDoesNotAnswer_EndsWithThat()
    {
        await world.Cluster.DisposeAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));

        var done = await trial.DryRunAsync(await CallerAsync(Roles.Operator), DrivenDouble.Plan, null, lines.Add, patience.Token);

        Assert.Equal(FailureKind.Unavailable, done.Failure?.Kind);
        Assert.Contains("does not answer", done.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compare_WithoutTheRight_IsRefusedAndAudited()
    {
        var caller = await CallerAsync(Roles.Viewer);

        Assert.Equal(FailureKind.Forbidden, (await trial.CompareAsync(caller, DrivenDouble.Plan, null, lines.Add, default)).Failure?.Kind);
        Assert.Equal(FailureKind.Forbidden, (await trial.DryRunAsync(caller, DrivenDouble.Plan, null, lines.Add, default)).Failure?.Kind);

        Assert.Empty(lines);
        Assert.Equal(["plan.compare", "plan.dry-run"], (await registry.AuditOfAsync(caller)).Where(e => e.Result == AuditResult.Refused).Select(e => e.Action));
    }

    public async ValueTask DisposeAsync() => await world.DisposeAsync();

    private static string Name(PlanSpec plan) => ObjectNames.Of(KubernetesSamples.Endpoint, PlanSpec.HashOf(plan.ToCanonicalJson()));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!await condition())
        {
            await Task.Delay(50, patience.Token);
        }
    }

    private string Refusal(string kind) => string.Join(' ', lines.Single(l => l.Kind == kind && l.Outcome == TrialOutcome.Refused).Details);

    // As the reconciler would run it: by its own hash.
    private async Task<RevisionSpec> RunAsync()
    {
        var plan = DrivenDouble.Plan;
        RevisionSpec revision = new(Guid.NewGuid(), PlanSpec.HashOf(plan.ToCanonicalJson()), plan, plan.Replicas);
        await world.UntilAsync(s => s.ReadyOf(revision.PlanId) == 2, revision);
        return revision;
    }

    private async Task<Result> CompareAsync(PlanSpec plan, Guid? planId = null)
    {
        lines.Clear();
        return await trial.CompareAsync(await CallerAsync(Roles.Approver), plan, planId, lines.Add, default);
    }

    private async Task<Result> DryRunAsync(PlanSpec plan, Guid? planId = null)
    {
        lines.Clear();
        return await trial.DryRunAsync(await CallerAsync(Roles.Operator), plan, planId, lines.Add, default);
    }

    private async Task<Caller> CallerAsync(Roles roles) => (await registry.AddPersonAsync(roles)).Caller;
}
