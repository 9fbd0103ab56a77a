using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Tests.Features.Monitoring;

public sealed class MonitoringServiceTests
{
    [Fact]
    public async Task Round_ReplicaAnswersThenFallsSilent_FiguresThenStaleNeverHealthy()
    {
        var answers = true;
        var requests = 0;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var replica = builder.Build();
        replica.MapGet("/metrics", () => answers
            ? Results.Text($"ops_runtime_info 1\nops_runtime_requests_total{{model=\"m\"}} {requests += 10}\nops_runtime_request_failures_total{{model=\"m\"}} 0\nprocess_resident_memory_bytes 1000\n")
            : Results.StatusCode(500));
        await replica.StartAsync();
        var address = new Uri(replica.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

        var time = new Ops.Testing.ManualTime();
        var options = Options.Create(new MonitoringOptions { TimeoutSeconds = 20 });
        var observed = new ObservedEndpoints();
        var routes = new RouteTable();
        var statistics = new ServingStatistics();
        var store = new MetricStore(options);
        var feed = new MonitoringFeed(store, routes, options, time);
        using var scraper = new Scraper(options, time);
        using var service = new MonitoringService(observed, statistics, scraper, store, new(time), feed, options, time, NullLogger<MonitoringService>.Instance);
        var plan = Guid.NewGuid();
        var endpoint = new EndpointRef(Guid.NewGuid(), "digits", Guid.NewGuid());
        routes.Publish(new(endpoint.Id, endpoint.Name, false, new HashSet<Guid> { plan }));
        observed.Publish(new(endpoint, [new() { Id = "r", PlanId = plan, Node = "here", Phase = ReplicaPhase.Ready, Address = address, StartedAt = time.GetUtcNow() }], time.GetUtcNow()));

        await service.RoundAsync(default);
        time.Advance(TimeSpan.FromSeconds(1));
        await service.RoundAsync(default);
        var fresh = feed.Pulses.Snapshot().Single();
        Assert.Equal(Health.Healthy, fresh.Health);
        Assert.Equal(10, fresh.Replicas["r"].Rate);
        Assert.Equal(1000, fresh.Replicas["r"].MemoryBytes);

        answers = false;
        time.Advance(TimeSpan.FromSeconds(10));
        await service.RoundAsync(default);
        var stale = feed.Pulses.Snapshot().Single();
        Assert.Equal(Health.Degraded, stale.Health);
        Assert.NotNull(stale.StaleSince);
        Assert.True(float.IsNaN(stale.Replicas["r"].Rate));

        observed.Forget(endpoint.Id);
        await service.RoundAsync(default);
        Assert.Empty(feed.Pulses.Snapshot());
    }

    [Fact]
    public async Task Observed_ReplicaComesOrGoesBetweenRounds_PulseSaysSoAtOnceAndItsFiguresStayAsOld()
    {
        using var watched = new Watched(new() { IntervalSeconds = 60 });
        var (time, feed, service) = (watched.Time, watched.Feed, watched.Service);
        watched.Show(ReplicaPhase.Ready);
        var renewed = 0;
        feed.Renewed += () => Interlocked.Increment(ref renewed);
        await service.StartAsync(default);
        await time.AdvanceUntilAsync(() => feed.Pulses.Snapshot() is [{ Ready: 1 }], TimeSpan.Zero);
        var read = feed.Pulses.Snapshot().Single().At;

        time.Advance(TimeSpan.FromSeconds(1));
        watched.Show(ReplicaPhase.Unready);
        await time.AdvanceUntilAsync(() => renewed == 1, TimeSpan.FromMilliseconds(10));
        Assert.Equal((read, 0, 1), feed.Pulses.Snapshot().Select(p => (p.At, p.Ready, p.Wanted)).Single());

        // One that was not read yet is told with its first reading.
        watched.Observed.Publish(new(new(Guid.NewGuid(), "other", Guid.NewGuid()), [], time.GetUtcNow()));
        await time.AdvanceUntilAsync(() => renewed == 2, TimeSpan.FromMilliseconds(10));
        Assert.Single(feed.Pulses.Snapshot());
        await service.StopAsync(default);
    }

    [Fact]
    public async Task Round_ReplicaGoesWhileItIsRead_IsNotShownAgainAsItWas()
    {
        using var reading = new SemaphoreSlim(0);
        using var answer = new SemaphoreSlim(0);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var replica = builder.Build();
        replica.MapGet("/metrics", async () =>
        {
            reading.Release();
            await answer.WaitAsync();
            return Results.Text("ops_runtime_info 1\n");
        });
        await replica.StartAsync();
        var address = new Uri(replica.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        using var watched = new Watched(new() { TimeoutSeconds = 20 }, address);
        var (feed, service) = (watched.Feed, watched.Service);
        watched.Show(ReplicaPhase.Ready);

        var round = service.RoundAsync(default);
        await reading.WaitAsync();
        watched.Show(ReplicaPhase.Unready);
        answer.Release();
        await round;
        Assert.Equal(0, feed.Pulses.Snapshot().Single().Ready);
    }

    /// <summary>The watching over one endpoint of one replica.</summary>
    private sealed class Watched : IDisposable
    {
        private readonly Guid plan = Guid.NewGuid();
        private readonly EndpointRef endpoint = new(Guid.NewGuid(), "digits", Guid.NewGuid());
        private readonly Scraper scraper;
        private readonly Uri? address;

        public Watched(MonitoringOptions settings, Uri? address = null)
        {
            this.address = address;
            var (options, routes) = (Options.Create(settings), new RouteTable());
            var store = new MetricStore(options);
            scraper = new(options, Time);
            Feed = new(store, routes, options, Time);
            Service = new(Observed, new(), scraper, store, new(Time), Feed, options, Time, NullLogger<MonitoringService>.Instance);
            routes.Publish(new(endpoint.Id, endpoint.Name, false, new HashSet<Guid> { plan }));
        }

        public Ops.Testing.ManualTime Time { get; } = new();

        public ObservedEndpoints Observed { get; } = new();

        public MonitoringFeed Feed { get; }

        public MonitoringService Service { get; }

        public void Show(ReplicaPhase phase) =>
            Observed.Publish(new(endpoint, [new() { Id = "r", PlanId = plan, Node = "here", Phase = phase, Address = address, StartedAt = Time.GetUtcNow() }], Time.GetUtcNow()));

        public void Dispose()
        {
            Service.Dispose();
            scraper.Dispose();
        }
    }
}
