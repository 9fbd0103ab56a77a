using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring.Revisions;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Tests.Features.Monitoring;

/// <summary>Replicas that are all asked through one narrow way.</summary>
public sealed class ScrapeTurnsTests : IDisposable
{
    private readonly Ops.Testing.ManualTime time = new();
    private readonly ObservedEndpoints observed = new();
    private readonly RouteTable routes = new();
    private readonly NarrowWay way = new();
    private readonly RevisionReadings readings;
    private readonly MonitoringFeed feed;
    private readonly Scraper scraper;
    private readonly MonitoringService service;

    public ScrapeTurnsTests()
    {
        var options = Options.Create(new MonitoringOptions { TimeoutSeconds = 20 });
        var store = new MetricStore(options);
        (readings, feed, scraper) = (new(time), new(store, routes, options, time), new(options, time, [way]));
        service = new(observed, new(), scraper, store, readings, feed, options, time, NullLogger<MonitoringService>.Instance);
    }

    [Fact]
    public async Task Round_MoreReplicasThanTheBudget_AsksAllInTurnAndSaysHowOften()
    {
        var endpoints = Enumerable.Range(0, 20).Select(i => Add($"endpoint-{i}", 5)).ToList();
        for (var round = 0; round < 8; round++)
        {
            Assert.Equal(25, (await RoundAsync()).Count);
        }

        Assert.Equal(100, way.Asked.Count);
        Assert.All(way.Asked.Values, times => Assert.Equal(2, times));
        Assert.All(feed.Pulses.Snapshot(), p => Assert.Equal((Health.Healthy, TimeSpan.FromSeconds(4), null), (p.Health, p.FiguresEvery, p.StaleSince)));

        way.IsSilent = true;
        time.Advance(TimeSpan.FromSeconds(8));
        await RoundAsync();
        Assert.All(feed.Pulses.Snapshot(), p => Assert.Equal(Health.Degraded, p.Health));
        Assert.All(feed.Pulses.Snapshot(), p => Assert.NotNull(p.StaleSince));
    }

    [Fact]
    public async Task Round_AskedVerySeldom_FiguresAreStaleAfterAMinuteAllTheSame()
    {
        Add("large", 3000);
        await RoundAsync();
        way.IsSilent = true;
        time.Advance(TimeSpan.FromSeconds(58));
        await RoundAsync();
        Assert.Equal((TimeSpan.FromSeconds(120), null), (feed.Pulses.Snapshot().Single().FiguresEvery, feed.Pulses.Snapshot().Single().StaleSince));

        time.Advance(TimeSpan.FromSeconds(3));
        await RoundAsync();
        Assert.NotNull(feed.Pulses.Snapshot().Single().StaleSince);
    }

    [Fact]
    public async Task Round_GatesWaitForAnEndpoint_ItIsAskedEachTimeAndTheOthersStillInTurn()
    {
        var gated = Add("gated", 4);
        Add("large", 84);
        readings.Watch(gated);
        for (var round = 0; round < 4; round++)
        {
            Assert.Equal(4, (await RoundAsync()).Count(id => id.StartsWith("gated", StringComparison.Ordinal)));
        }

        Assert.Equal(88, way.Asked.Count);
        Assert.Null(feed.Pulses.Snapshot().Single(p => p.Endpoint.Id == gated).FiguresEvery);
    }

    [Fact]
    public async Task Round_FewerReplicasThanTheBudget_AsksEachEveryTime()
    {
        Add("small", 25);
        Assert.Equal(25, (await RoundAsync()).Count);
        Assert.Equal(25, (await RoundAsync()).Count);
        Assert.Null(feed.Pulses.Snapshot().Single().FiguresEvery);
    }

    public void Dispose()
    {
        service.Dispose();
        scraper.Dispose();
    }

    private Guid Add(string name, int replicas)
    {
        var (plan, endpoint) = (Guid.NewGuid(), new EndpointRef(Guid.NewGuid(), name, Guid.NewGuid()));
        routes.Publish(new(endpoint.Id, name, false, new HashSet<Guid> { plan }));
        observed.Publish(new(endpoint, [.. Enumerable.Range(0, replicas).Select(i => new ReplicaObservation { Id = $"{name}-{i}", PlanId = plan, Node = "n", Phase = ReplicaPhase.Ready, StartedAt = time.GetUtcNow() })], time.GetUtcNow()));
        return endpoint.Id;
    }

    private async Task<IReadOnlyList<string>> RoundAsync()
    {
        way.Round.Clear();
        await service.RoundAsync(default);
        time.Advance(TimeSpan.FromSeconds(1));
        return [.. way.Round];
    }

    private sealed class NarrowWay : IReplicaTransport
    {
        public ConcurrentDictionary<string, int> Asked { get; } = new(StringComparer.Ordinal);

        public ConcurrentQueue<string> Round { get; } = [];

        public bool IsSilent { get; set; }

        public bool Carries(EndpointRef endpoint, ReplicaObservation replica) => true;

        public bool Reaches(EndpointRef endpoint, ReplicaObservation replica) => true;

        public FigureBudget? BudgetOf(EndpointRef endpoint) => new("api", 25);

        public Task<HttpResponseMessage> SendAsync(EndpointRef endpoint, ReplicaObservation replica, HttpRequestMessage request, CancellationToken cancellation)
        {
            Round.Enqueue(replica.Id);
            Asked.AddOrUpdate(replica.Id, 1, (_, times) => times + 1);
            return IsSilent
                ? throw new HttpRequestException("It does not answer.")
                : Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("ops_runtime_info 1\nops_runtime_requests_total{model=\"m\"} 10\nops_runtime_request_failures_total{model=\"m\"} 0\n") });
        }
    }
}
