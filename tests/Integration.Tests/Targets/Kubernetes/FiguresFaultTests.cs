using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Data.Rollouts;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>A canary whose figures, as a real Prometheus has them, are missing, no number or old: it is never taken for a good one, and in the end the cluster is as before.</summary>
public sealed class FiguresFaultTests(ClusterFixture cluster)
{
    private static readonly PlanGate Errors = new() { Metric = GateMetrics.ErrorRate, Max = 0.1, MinRequests = 5, WindowSeconds = 25 };

    [Fact]
    public Task Canary_FiguresMissingNoNumberOrOld_GoesBackByItselfAndOnlyGoodOnesPromoteIt() => Task.WhenAll(
        CanaryAsync("missing", (_, _) => null, RolloutState.Failed),
        CanaryAsync("no number", (_, scrape) => (Grown(scrape), "NaN"), RolloutState.Failed),
        // At the end of the window the last ones are too old, though they lie within it.
        CanaryAsync("old", (age, scrape) => age < TimeSpan.FromSeconds(4) ? (Grown(scrape), "0") : null, RolloutState.Failed),
        CanaryAsync("good", (_, scrape) => (Grown(scrape), "0"), RolloutState.Succeeded));

    private static string Grown(int scrape) => (scrape * 10).ToString(CultureInfo.InvariantCulture);

    /// <param name="figures">What they are like, for the message of a failure.</param>
    /// <param name="tells">By the time since the canary was first seen and by the number of the scrape, how many requests and failures each of its pods has told of; null for nothing at all.</param>
    /// <param name="end">How its rollout is to end.</param>
    private async Task CanaryAsync(string figures, Func<TimeSpan, int, (string Requests, string Failures)?> tells, RolloutState end)
    {
        var versions = new ConcurrentDictionary<string, string>();
        var (scrape, space, seen) = (0, "", 0L);
        await using var prometheus = await PrometheusServer.StartAsync(new Dictionary<string, string>(), () => string.Concat(versions.OrderBy(v => v.Key).Select(v => Tell(v.Key, v.Value))) + $"scrapes {++scrape}\n");
        await using var world = await ClusterWorld.CreateAsync(cluster, prometheus: prometheus.Address);
        space = world.Space;
        await world.StartAsync(more: services =>
        {
            services.AddSingleton<MetricStore>();
            services.AddSingleton<MonitoringFeed>();
            services.AddSingleton<Scraper>();
            services.AddHostedService<MonitoringService>();
        });
        var first = await world.SucceedAsync(1);
        using var stop = new CancellationTokenSource();
        var following = FollowAsync(stop.Token);

        var canary = await world.ApproveAsync(2, d => d with { Strategy = "canary", Steps = [new PlanStep { Weight = 50 }], Gates = [Errors], RollBackOnFailure = true });
        var ended = await Ended(canary);
        Assert.True(ended == end, $"With {figures} figures it ended as {ended}.");
        await world.QuietAsync(first, end == RolloutState.Succeeded ? 2 : 1);
        await stop.CancelAsync();
        await following;

        async Task<RolloutState> Ended(RolloutRef rollout)
        {
            var state = RolloutState.Running;
            await ClusterWorld.UntilAsync(
                async () => (state = (await world.Ops.RolloutAsync(rollout.Id)).State) is RolloutState.Failed or RolloutState.Succeeded,
                () => Task.FromResult($"With {figures} figures it is {state}."),
                TimeSpan.FromMinutes(3));
            return state;
        }

        string Tell(string pod, string version)
        {
            var labels = $"namespace=\"{space}\",pod=\"{pod}\"";
            if (version == "2" && seen == 0)
            {
                seen = TimeProvider.System.GetTimestamp();
            }

            var told = version == "1" ? (Grown(scrape), "0") : tells(TimeProvider.System.GetElapsedTime(seen), scrape);
            return told is { } of
                ? $"ops_runtime_info{{{labels}}} 1\nops_runtime_requests_total{{{labels}}} {of.Requests}\nops_runtime_request_failures_total{{{labels}}} {of.Failures}\n"
                : "";
        }

        async Task FollowAsync(CancellationToken cancellation)
        {
            while (!cancellation.IsCancellationRequested)
            {
                foreach (var pod in await world.PodsAsync(first.EndpointId))
                {
                    versions[pod.Text("metadata", "name")!] = pod.Text("metadata", "labels", "app.kubernetes.io/version")!;
                }

                await Task.Delay(200, CancellationToken.None);
            }
        }
    }
}
