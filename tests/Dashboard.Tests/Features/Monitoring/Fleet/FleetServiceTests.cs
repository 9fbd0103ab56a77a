using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring.Fleet;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Tests.Features.Rollouts;
using Ops.Data;
using Ops.Data.Approvals;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Monitoring.Fleet;

public sealed class FleetServiceTests
{
    private sealed class Databases(IDbContextFactory<RegistryDb> real) : IDbContextFactory<RegistryDb>
    {
        public bool AreDown { get; set; }

        public RegistryDb CreateDbContext() => AreDown ? throw new SqliteException("disk I/O error", 10) : real.CreateDbContext();
    }

    [Fact]
    public async Task Round_FirstRolloutAskedForThenApproved_TileAndStepsFollow()
    {
        await using var world = await OpsWorld.CreateAsync();
        var feed = new FleetFeed(world.Time);
        using var service = Service(world, feed, world.Get<IDbContextFactory<RegistryDb>>());
        await service.RoundAsync(default);
        Assert.Empty(feed.Tiles.Snapshot());
        Assert.Equal(new(new(Uploaded: true, Requested: false, Approved: false)), feed.Status.Snapshot().Single());

        var asked = await world.RequestAsync();
        await service.RoundAsync(default);
        var tile = feed.Find("digits")!;
        Assert.Equal((1, Health.Idle, "production"), (tile.Facts.Waiting, tile.Health, tile.Facts.EnvironmentKey));
        Assert.Null(tile.Facts.Rollout);
        Assert.Equal(new(true, Requested: true, Approved: false), feed.Status.Snapshot().Single().FirstSteps);

        await world.DecideAsync(asked.Id, Verdict.Approve);
        await service.RoundAsync(default);
        tile = feed.Find("digits")!;
        Assert.Equal((0, 1, RolloutState.Approved, "digits 1"), (tile.Facts.Waiting, tile.Facts.Rollout!.Number, tile.Facts.Rollout.State, tile.Facts.Rollout.Plan!.Name));
        Assert.True(feed.Status.Snapshot().Single().FirstSteps.AllDone);
    }

    [Fact]
    public async Task Round_RegistryDown_KeepsWhatWasKnownAndSaysSinceWhen()
    {
        await using var world = await OpsWorld.CreateAsync();
        await world.RequestAsync();
        var feed = new FleetFeed(world.Time);
        var databases = new Databases(world.Get<IDbContextFactory<RegistryDb>>());
        using var service = Service(world, feed, databases);
        await service.RefreshAsync(default);
        var since = world.Time.GetUtcNow();

        databases.AreDown = true;
        world.Time.Advance(TimeSpan.FromSeconds(5));
        await service.RoundAsync(default);
        var status = feed.Status.Snapshot().Single();
        Assert.Equal((since, "The registry does not answer."), (status.StaleSince, status.Problem));
        Assert.NotNull(feed.Find("digits"));

        databases.AreDown = false;
        await service.RoundAsync(default);
        Assert.Null(feed.Status.Snapshot().Single().Problem);
    }

    [Fact]
    public async Task Round_NothingChanged_PublishesNothing()
    {
        await using var world = await OpsWorld.CreateAsync();
        await world.RequestAsync();
        var feed = new FleetFeed(world.Time);
        using var service = Service(world, feed, world.Get<IDbContextFactory<RegistryDb>>());
        await service.RoundAsync(default);
        var before = feed.Find("digits");
        await service.RoundAsync(default);
        Assert.Same(before, feed.Find("digits"));
    }

    [Fact]
    public async Task Service_ReplicaGoesBetweenRounds_TileSaysSoWithoutWaitingForTheNextOne()
    {
        await using var world = await OpsWorld.CreateAsync();
        var asked = await world.RequestAsync();
        var rollout = await world.RolloutAsync(asked.Id);
        var monitoring = Monitoring(world);
        var feed = new FleetFeed(world.Time);
        using var service = Service(world, feed, world.Get<IDbContextFactory<RegistryDb>>(), monitoring);
        var endpoint = new EndpointRef(rollout.EndpointId, "digits", world.Target.Id);
        world.Get<RouteTable>().Publish(new(endpoint.Id, endpoint.Name, false, new HashSet<Guid> { rollout.PlanId }));
        monitoring.Publish([Seen(ReplicaPhase.Ready)], world.Time.GetUtcNow());
        using var watching = feed.Tiles.Subscribe();
        var timers = world.Time.ActiveTimers;
        await service.StartAsync(default);
        await world.Time.AdvanceUntilAsync(() => feed.Find("digits") is { Ready: 1 } && world.Time.ActiveTimers > timers, TimeSpan.Zero);

        // Its pause is over after a second; this is less.
        monitoring.Renew([Seen(ReplicaPhase.Unready)], world.Time.GetUtcNow());
        world.Time.Advance(TimeSpan.FromMilliseconds(500));
        await world.Time.AdvanceUntilAsync(() => feed.Find("digits") is { Ready: 0 }, TimeSpan.Zero);
        await service.StopAsync(default);

        EndpointObservation Seen(ReplicaPhase phase) => new(endpoint, [new() { Id = "r", PlanId = rollout.PlanId, Node = "here", Phase = phase }], world.Time.GetUtcNow());
    }

    [Theory]
    [InlineData(0.0012345, 0.00123)]
    [InlineData(98765.4, 98800)]
    [InlineData(0, 0)]
    [InlineData(double.NaN, double.NaN)]
    public void Rounded_AnyNumber_ThreeSignificantDigits(double value, double expected) => Assert.Equal(expected, FleetService.Rounded(value), 1e-12);

    private static FleetService Service(OpsWorld world, FleetFeed feed, IDbContextFactory<RegistryDb> databases, MonitoringFeed? monitoring = null)
    {
        var options = Options.Create(new MonitoringOptions());
        return new(new FleetQuery(databases, NullLogger<FleetQuery>.Instance), feed, monitoring ?? Monitoring(world), new(options), options, world.Time, NullLogger<FleetService>.Instance);
    }

    private static MonitoringFeed Monitoring(OpsWorld world)
    {
        var options = Options.Create(new MonitoringOptions());
        return new(new(options), world.Get<RouteTable>(), options, world.Time);
    }
}
