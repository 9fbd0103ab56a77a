using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Data.Rollouts;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>Dashboards that die or stand still in the middle of a rollout on the cluster: another one ends it as if nothing had happened.</summary>
public sealed class DashboardFaultTests(ClusterFixture cluster)
{
    private const int MostLines = 400;

    /// <summary>How many lines are passed over between two kills; each is tried where <c>OPS_TEST_EVERY_LINE</c> is set.</summary>
    private static int Stride => Environment.GetEnvironmentVariable("OPS_TEST_EVERY_LINE") is { Length: > 0 } ? 1 : 20;

    [Fact]
    public async Task Rollout_DashboardKilledAtALine_TheNextOneEndsIt()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        var killed = 0;
        for (var line = 1; ; line += Stride)
        {
            Assert.InRange(line, 1, MostLines);
            var endpoint = $"killed-{line}";
            var life = new DashboardLife(line);
            var dashboard = await world.StartAsync(life);
            var first = await world.SucceedAsync(1, d => d with { Endpoint = endpoint });
            life.Arm();
            var second = await world.ApproveAsync(2, d => d with { Endpoint = endpoint });
            await ClusterWorld.UntilAsync(
                async () => life.Ended.IsCompleted || (await world.Ops.RolloutAsync(second.Id)).IsFinal,
                async () => (await world.Ops.RolloutAsync(second.Id)).State.ToString());
            await dashboard.EndAsync();
            await FreeLeaseAsync(world);

            var next = await world.StartAsync();
            await world.EndedAsync(second, RolloutState.Succeeded);
            await world.QuietAsync(second, 2);
            await world.AssertToldOnceAsync(second);

            // Nodes have room for some endpoints, not for one of each line.
            Assert.True((await world.Ops.Get<EndpointCommands>().RetireAsync(world.Ops.As("operator"), second.EndpointId)).Succeeded);
            await ClusterWorld.UntilAsync(async () => (await world.PodsAsync(second.EndpointId)).Count == 0, () => world.PictureAsync(second.EndpointId));
            await next.EndAsync();
            if (!life.Ended.IsCompleted)
            {
                break;
            }

            killed++;
        }

        Assert.InRange(killed, 2, MostLines);
    }

    [Theory]
    [InlineData("before Deployment")]
    [InlineData("after Deployment")]
    [InlineData("before deleting Deployment")]
    public async Task Rollout_LeaderStandsStillInMidPass_AnotherEndsItAndTheFirstChangesNothingMore(string line)
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        var life = new DashboardLife();
        var leader = await world.StartAsync(life);
        var first = await world.SucceedAsync(1);
        life.PauseAt(line);
        var second = await world.ApproveAsync(2);
        await life.Paused.WaitAsync(TimeSpan.FromSeconds(30));
        await StopRenewingAsync(leader);

        await world.StartAsync();
        await world.EndedAsync(second, RolloutState.Succeeded);
        var third = await world.SucceedAsync(3);
        await world.QuietAsync(third, 3);
        var before = world.Faults.Calls.Count(c => c.IsWrite);

        // It wakes up with an old list of what is wanted in its hands.
        life.Resume();
        await Task.Delay(TimeSpan.FromSeconds(2));

        await world.QuietAsync(third, 3);

        // The call that was already on its way cannot be taken back; what it did is undone, and it was the last one.
        Assert.InRange(world.Faults.Calls.Count(c => c.IsWrite) - before, 0, line.StartsWith("before", StringComparison.Ordinal) ? 8 : 0);
    }

    [Fact]
    public async Task Rollout_AnotherInstallationHoldsTheLeaseOfTheNamespace_WaitsAndSaysSo()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        Assert.True((await world.Api.PostAsync(world.LeasePath[..world.LeasePath.LastIndexOf('/')], JsonNode.Parse(Lease(1))!)).Code < 300);
        using var renewing = new CancellationTokenSource();
        var other = RenewAsync();
        var dashboard = await world.StartAsync();
        var rollout = await world.ApproveAsync(1);

        await ClusterWorld.UntilAsync(
            async () => (await world.Ops.RolloutAsync(rollout.Id)).Status?.Contains("elsewhere/1 holds the Lease ops-dashboard", StringComparison.Ordinal) == true,
            async () => (await world.Ops.RolloutAsync(rollout.Id)).Status ?? "");
        await Task.Delay(TimeSpan.FromSeconds(4));
        Assert.Empty((await world.Api.GetAsync($"/apis/apps/v1/namespaces/{world.Space}/deployments")).Body.Items("items"));

        await renewing.CancelAsync();
        await other;
        await world.EndedAsync(rollout, RolloutState.Succeeded);
        Assert.EndsWith(dashboard.Services.GetRequiredService<LeaderLease>().Holder, (await world.Api.GetAsync(world.LeasePath)).Body.Text("spec", "holderIdentity"), StringComparison.Ordinal);
        await dashboard.StopAsync();
        Assert.True((await world.Api.GetAsync(world.LeasePath)).Body.Text("spec", "holderIdentity") is null or "");

        async Task RenewAsync()
        {
            for (var i = 2; !renewing.IsCancellationRequested; i++)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), renewing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await world.Api.MergeAsync(world.LeasePath, $$"""{"spec":{"renewTime":"2026-01-01T00:00:{{i:00}}.000000Z"} }""");
            }
        }

        string Lease(int second) =>
            $$"""{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"ops-dashboard","labels":{"app.kubernetes.io/managed-by":"ops-dashboard"} },"spec":{"holderIdentity":"elsewhere/1","leaseDurationSeconds":3,"renewTime":"2026-01-01T00:00:{{second:00}}.000000Z"} }""";
    }

    [Fact]
    public async Task Endpoint_WriteOfADashboardThatActsNoMoreArrivesLate_IsPutRightWithoutAPerson()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync();
        var first = await world.SucceedAsync(1);
        await world.QuietAsync(first, 1);
        await world.CalmAsync();

        // The whole object, as it was wanted in the middle of an earlier rollout, in the name of the dashboard itself.
        var made = (await world.DeploymentAsync(first.EndpointId, 1))!;
        var wanted = made.DeepClone().AsObject();
        wanted.Remove("status");
        foreach (var part in (string[])["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"])
        {
            wanted["metadata"]!.AsObject().Remove(part);
        }

        (wanted["apiVersion"], wanted["kind"]) = ("apps/v1", "Deployment");
        wanted["metadata"]!["annotations"]!.AsObject().Remove("deployment.kubernetes.io/revision");
        wanted["spec"]!["replicas"] = 5;
        var late = await world.Api.ApplyAsync(world.PathOf(made), wanted, ObjectLabels.Manager, "&force=true");
        Assert.True(late.Code < 300, late.Message);

        await ClusterWorld.UntilAsync(async () => (await world.DeploymentAsync(first.EndpointId, 1))?.Number("spec", "replicas") == 2, () => world.PictureAsync(first.EndpointId));
        await world.QuietAsync(first, 1);
        Assert.DoesNotContain(await world.Ops.EventsOfEndpointAsync(first.EndpointId), e => e.Message.Contains("was changed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rollout_RegistryGoneForAWhile_GoesOnWhenItIsBack()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        var life = new DashboardLife();
        await world.StartAsync(life);
        var first = await world.SucceedAsync(1);
        await world.ScriptAsync(2, PodScript.ReadyAfter(TimeSpan.FromSeconds(3)));
        var second = await world.ApproveAsync(2);
        await ClusterWorld.UntilAsync(async () => await world.DeploymentAsync(second.EndpointId, 2) is not null, () => world.PictureAsync(second.EndpointId));

        // Longer than the lease lasts: it may not act any more, and does not.
        life.HasRegistry = false;
        await Task.Delay(TimeSpan.FromSeconds(4));
        Assert.Equal(2, (await world.DeploymentAsync(second.EndpointId, 1))?.Number("spec", "replicas"));
        life.HasRegistry = true;

        await world.EndedAsync(second, RolloutState.Succeeded);
        await world.QuietAsync(second, 2);
    }

    // Stands for the time that a dead process's lease still lasts.
    private static async Task FreeLeaseAsync(ClusterWorld world)
    {
        await using var db = world.Ops.Open();
        await db.Leases.ExecuteUpdateAsync(s => s.SetProperty(l => l.Holder, "").SetProperty(l => l.Revision, l => l.Revision + 1));
        await world.Api.DeleteAsync(world.LeasePath);
    }

    private static async Task StopRenewingAsync(Dashboard leader)
    {
        var lease = leader.Services.GetRequiredService<LeaderLease>();
        leader.Life!.HasRegistry = false;
        await ClusterWorld.UntilAsync(() => Task.FromResult(!lease.IsHeld), () => Task.FromResult("It still holds the lease."));
    }
}
