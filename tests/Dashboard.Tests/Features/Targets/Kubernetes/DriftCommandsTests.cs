using k8s.Models;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Rollouts;
using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Dashboard.Features.Targets.Kubernetes.Supply;
using Ops.Dashboard.Tests.Features.Rollouts;
using Ops.Dashboard.Tests.Features.Rollouts.Execution;
using Ops.Data;
using Ops.Data.Audit;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes;

/// <summary>What is decided about changes in a cluster, and what is left of it after a restart. Each driver stands for a process of its own.</summary>
public sealed class DriftCommandsTests : IAsyncDisposable
{
    private readonly FakeCluster cluster = new();
    private readonly RevisionSpec revision = KubernetesSamples.Revision();
    private readonly List<KubernetesTargetDriver> drivers = [];
    private readonly List<TargetEvent> told = [];
    private OpsWorld world = null!;
    private Endpoint endpoint = null!;

    [Theory]
    [InlineData(Database.Sqlite)]
    [InlineData(Database.Postgres)]
    public async Task Accept_ScaledByAPerson_StaysSoAfterARestart(Database database)
    {
        var driver = await ScaledAsync(database);

        Assert.True((await Commands.AcceptAsync(world.As("operator"), endpoint.Id)).Succeeded);
        Assert.Empty((await ReadAsync()).Open);
        var restarted = Driver();
        await ApplyAsync(restarted);
        await ApplyAsync(restarted);

        Assert.Empty(restarted.DriftOf(endpoint.Id));
        Assert.Equal(7, Deployment.Spec.Replicas);
        var accepted = Assert.Single((await ReadAsync()).Accepted);
        Assert.Equal(("spec.replicas", "operator", world.Time.GetUtcNow()), (accepted.Path, accepted.ByName, accepted.At));
        Assert.Contains("from 2 to 7 by kubectl-edit", Assert.Single(await world.AuditAsync("endpoint.accept-drift")).AfterJson, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Accept_ThenAnotherChange_IsTheOnlyThingThatWasAccepted()
    {
        var driver = await ScaledAsync();
        Assert.True((await Commands.AcceptAsync(world.As("operator"), endpoint.Id)).Succeeded);

        cluster.Edit<V1Deployment>(Deployment.Metadata.Name, d => d.Spec.Replicas = 9);
        await ApplyAsync(driver);
        Assert.Equal("9", Assert.Single(driver.DriftOf(endpoint.Id)).Found);

        cluster.Edit<V1Deployment>(Deployment.Metadata.Name, d => (d.Spec.Replicas, d.Spec.Template.Spec.Containers[0].Image) = (7, "evil.example/x"));
        await ApplyAsync(driver);
        Assert.Equal(KubernetesSamples.Image, Deployment.Spec.Template.Spec.Containers[0].Image);
    }

    [Fact]
    public async Task PutBackAccepted_AfterARestart_MakesItAsPlanned()
    {
        var driver = await ScaledAsync();
        Assert.True((await Commands.AcceptAsync(world.As("operator"), endpoint.Id)).Succeeded);
        var restarted = Driver();
        await ApplyAsync(restarted);

        Assert.True((await Commands.PutBackAcceptedAsync(world.As("operator"), endpoint.Id)).Succeeded);
        await ApplyAsync(restarted);

        Assert.Equal(2, Deployment.Spec.Replicas);
        Assert.Empty((await ReadAsync()).Accepted);
        Assert.Empty(restarted.DriftOf(endpoint.Id));
        Assert.Contains("from 2 to 7", Assert.Single(await world.AuditAsync("endpoint.put-back")).BeforeJson, StringComparison.Ordinal);
        Assert.Equal(FailureKind.Conflict, (await Commands.PutBackAcceptedAsync(world.As("operator"), endpoint.Id)).Failure?.Kind);
    }

    [Fact]
    public async Task PutBack_AnotherFieldOfTheObject_KeepsWhatWasAcceptedOfIt()
    {
        var driver = await ScaledAsync();
        Assert.True((await Commands.AcceptAsync(world.As("operator"), endpoint.Id)).Succeeded);
        cluster.Edit<V1Deployment>(Deployment.Metadata.Name, d => d.Metadata.Labels["app.kubernetes.io/version"] = "x");
        await ApplyAsync(driver);

        Assert.True((await Commands.PutBackAsync(world.As("operator"), endpoint.Id)).Succeeded);
        Assert.Contains(await world.EventsOfEndpointAsync(endpoint.Id), e => e.PersonName == "operator" && e.Message.StartsWith("operator has this put back: ", StringComparison.Ordinal));
        await ApplyAsync(driver);
        await ApplyAsync(driver);

        Assert.Equal((7, "3"), (Deployment.Spec.Replicas, Deployment.Metadata.Labels["app.kubernetes.io/version"]));
        Assert.Equal("spec.replicas", Assert.Single((await ReadAsync()).Accepted).Path);
        Assert.Empty(driver.DriftOf(endpoint.Id));
    }

    [Fact]
    public async Task PutBack_AcceptedFieldThatWasChangedOnceMore_IsAsPlannedAndAcceptedNoMore()
    {
        var driver = await ScaledAsync();
        Assert.True((await Commands.AcceptAsync(world.As("operator"), endpoint.Id)).Succeeded);
        cluster.Edit<V1Deployment>(Deployment.Metadata.Name, d => d.Spec.Replicas = 9);
        await ApplyAsync(driver);

        Assert.True((await Commands.PutBackAsync(world.As("operator"), endpoint.Id)).Succeeded);
        await ApplyAsync(driver);

        Assert.Equal(2, Deployment.Spec.Replicas);
        Assert.Empty((await ReadAsync()).Accepted);
    }

    [Fact]
    public async Task Accept_FieldsTakenAwayAndInLists_StayWhenTheObjectIsAppliedAnew()
    {
        var driver = await ScaledAsync();
        var service = cluster.All<V1Service>().Single(s => s.Metadata.Name == "digits").Metadata.Name;
        cluster.Edit<V1Service>(service, s => s.Spec.Ports[0].Port = 8081);
        cluster.Edit<V1Service>(service, s => s.Metadata.Labels.Remove("app.kubernetes.io/part-of"));
        await ApplyAsync(driver);
        Assert.True((await Commands.AcceptAsync(world.As("operator"), endpoint.Id)).Succeeded);
        cluster.Edit<V1Service>(service, s => s.Spec.Type = "NodePort");
        await ApplyAsync(driver);

        Assert.True((await Commands.PutBackAsync(world.As("operator"), endpoint.Id)).Succeeded);
        await ApplyAsync(driver);

        var found = cluster.All<V1Service>().Single(s => s.Metadata.Name == "digits");
        Assert.Equal((8081, "ClusterIP", false), (found.Spec.Ports[0].Port, found.Spec.Type, found.Metadata.Labels.ContainsKey("app.kubernetes.io/part-of")));
        Assert.Equal(3, (await ReadAsync()).Accepted.Count);
    }

    [Fact]
    public async Task Accept_ByAViewer_IsRefusedAndChangesNothing()
    {
        var driver = await ScaledAsync();

        Assert.Equal(FailureKind.Forbidden, (await Commands.AcceptAsync(world.As("viewer"), endpoint.Id)).Failure?.Kind);

        Assert.Empty((await ReadAsync()).Accepted);
        Assert.Single((await ReadAsync()).Open);
        Assert.Single(await world.AuditAsync("endpoint.accept-drift", AuditResult.Refused));
    }

    [Fact]
    public async Task Apply_PutBackAskedForWhileAPassFails_IsDoneByTheNext()
    {
        var driver = await ScaledAsync();
        Assert.True((await Commands.PutBackAsync(world.As("operator"), endpoint.Id)).Succeeded);

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await driver.ApplyAsync(
            Reference(await ReadAsync()), [KubernetesSamples.Revision(KubernetesSamples.Plan with { Kubernetes = KubernetesSamples.Plan.Kubernetes! with { Namespace = "other" } })], default));
        await ApplyAsync(driver);

        Assert.Equal(2, Deployment.Spec.Replicas);
    }

    [Theory]
    [InlineData(Database.Sqlite)]
    [InlineData(Database.Postgres)]
    public async Task Reconcile_AcceptedChange_IsToldToTheDriverUntilTheNextRolloutBegins(Database database)
    {
        world = await OpsWorld.CreateAsync(database);
        var first = await world.ApprovedAsync();
        var controller = await Controller.StartAsync(world);
        var id = (await world.RolloutAsync(first.Id)).EndpointId;
        await controller.SettleAsync(id);
        await using (var db = world.Open())
        {
            endpoint = await db.Endpoints.SingleAsync(e => e.Id == id);
            Assert.True(endpoint.Accept([new DriftItem("Deployment", "digits", "spec.replicas", "2", "7", null).AcceptedBy("olga", world.Time.GetUtcNow())]).Succeeded);
            await db.SaveChangesAsync();
        }

        await controller.LookAsync(id);
        Assert.Equal("spec.replicas", Assert.Single(world.Machine.LastEndpoint!.Accepted).Path);

        await world.ApprovedAsync(version: 2);
        await controller.SettleAsync(id);
        Assert.Empty(world.Machine.LastEndpoint!.Accepted);
        Assert.Null((await ReadAsync()).AcceptedJson);
    }

    [Fact]
    public async Task Apply_AfterARestart_WhatWaitsForSomebodyIsNotToldOnceMore()
    {
        await ScaledAsync();
        told.Clear();

        var restarted = Driver();
        await ApplyAsync(restarted);

        Assert.Single((await ReadAsync()).Open);
        Assert.Empty(told);
    }

    [Theory]
    [InlineData(Database.Sqlite)]
    [InlineData(Database.Postgres)]
    public async Task Reconcile_ChangeThatIsLeftSo_IsShownByADashboardThatDoesNotActAndPutBackFromThere(Database database)
    {
        world = await OpsWorld.CreateAsync(database);
        var first = await world.ApprovedAsync();
        var controller = await Controller.StartAsync(world);
        var id = (await world.RolloutAsync(first.Id)).EndpointId;
        await controller.SettleAsync(id);
        await using (var db = world.Open())
        {
            endpoint = await db.Endpoints.SingleAsync(e => e.Id == id);
        }

        await using var other = world.Start();
        var (feed, commands) = (other.GetRequiredService<RolloutFeed>(), new DriftCommands(other.GetRequiredService<CommandRunner>(), other.GetRequiredService<RolloutFeed>(), other.GetRequiredService<ReconcileQueue>()));
        world.Machine.Open = [new DriftItem("Deployment", "digits", "spec.replicas", "2", "7", "kubectl-edit").Opened];
        await controller.LookAsync(id);
        await other.GetRequiredService<EndpointReconciler>().ReconcileAsync(id, default);

        Assert.Equal("spec.replicas of the Deployment digits was changed from 2 to 7 by kubectl-edit.", Assert.Single(commands.Of(id)).Sentence);
        Assert.True((await commands.PutBackAsync(world.As("operator"), id)).Succeeded);
        world.Machine.Open = [];
        await controller.LookAsync(id);
        Assert.True(world.Machine.LastEndpoint!.PutsBack);
        await controller.LookAsync(id);
        Assert.False(world.Machine.LastEndpoint!.PutsBack);
        await other.GetRequiredService<EndpointReconciler>().ReconcileAsync(id, default);
        Assert.Empty(commands.Of(id));
        Assert.Equal((null, null), ((await ReadAsync()).OpenJson, (await ReadAsync()).PutBackAsk));
        Assert.NotNull(feed.Find(id));
    }

    [Fact]
    public async Task Accept_FromADashboardThatDoesNotAct_IsShownThereAtOnce()
    {
        world = await OpsWorld.CreateAsync();
        var first = await world.ApprovedAsync();
        var controller = await Controller.StartAsync(world);
        var id = (await world.RolloutAsync(first.Id)).EndpointId;
        await controller.SettleAsync(id);
        endpoint = Endpoint.Create("unused", world.Target.Id, Guid.NewGuid(), "operator", world.Time.GetUtcNow()).Value;
        await using var other = world.Start();
        var commands = new DriftCommands(other.GetRequiredService<CommandRunner>(), other.GetRequiredService<RolloutFeed>(), other.GetRequiredService<ReconcileQueue>());
        world.Machine.Open = [new DriftItem("Deployment", "digits", "spec.replicas", "2", "7", "kubectl-edit").Opened];
        await controller.LookAsync(id);
        await other.GetRequiredService<EndpointReconciler>().ReconcileAsync(id, default);

        Assert.True((await commands.AcceptAsync(world.As("operator"), id)).Succeeded);

        Assert.Empty(commands.Of(id));
        await controller.LookAsync(id);
        Assert.Equal("spec.replicas", Assert.Single(world.Machine.LastEndpoint!.Accepted).Path);
    }

    public async ValueTask DisposeAsync()
    {
        drivers.ForEach(d => d.Dispose());
        await world.DisposeAsync();
    }

    private V1Deployment Deployment => cluster.All<V1Deployment>().Single();

    private async Task<KubernetesTargetDriver> ScaledAsync(Database database = Database.Sqlite)
    {
        world = await OpsWorld.CreateAsync(database);
        endpoint = Endpoint.Create("digits", world.Target.Id, Guid.NewGuid(), "operator", world.Time.GetUtcNow()).Value;
        await using (var db = world.Open())
        {
            db.Add(endpoint);
            await db.SaveChangesAsync();
        }

        var driver = Driver();
        await ApplyAsync(driver);
        await ApplyAsync(driver);
        cluster.Edit<V1Deployment>(Deployment.Metadata.Name, d => d.Spec.Replicas = 7);
        await ApplyAsync(driver);
        Assert.Single(driver.DriftOf(endpoint.Id));
        return driver;
    }

    private KubernetesTargetDriver Driver()
    {
        VersionSupply supply = new((_, _) => Task.FromResult(Result.Of(KubernetesSamples.Source)), new(new EphemeralDataProtectionProvider(), Options.Create(new KubernetesOptions())), world.Time);
        KubernetesTargetDriver driver = new(cluster, new(supply), new Turn(), new(), new Told(told), world.Time, NullLogger<KubernetesTargetDriver>.Instance);
        drivers.Add(driver);
        return driver;
    }

    private DriftCommands Commands => new(world.Get<CommandRunner>(), world.Get<RolloutFeed>(), world.Get<ReconcileQueue>());

    // A pass as the controller makes it.
    private async Task ApplyAsync(KubernetesTargetDriver driver)
    {
        await using var db = world.Open();
        var read = await db.Endpoints.SingleAsync(e => e.Id == endpoint.Id);
        await driver.ApplyAsync(Reference(read), [revision], default);
        read.NoteOpen(driver.OpenOf(read.Id), read.PutBackAsk);
        await db.SaveChangesAsync();
    }

    private static EndpointRef Reference(Endpoint read) => new(read.Id, read.Name, read.TargetId) { Accepted = read.Accepted, Open = read.Open, PutsBack = read.PutBackAsk is not null };

    private async Task<Endpoint> ReadAsync()
    {
        await using var db = world.Open();
        return await db.Endpoints.AsNoTracking().SingleAsync(e => e.Id == endpoint.Id);
    }

    private sealed class Told(List<TargetEvent> events) : ITargetEvents
    {
        public void Report(TargetEvent happened) => events.Add(happened);
    }
}
