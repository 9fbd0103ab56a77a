using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Tests.Features.Targets.Kubernetes;
using Ops.Testing.Kubernetes;

namespace Ops.Dashboard.Tests.Features.Serving;

/// <summary>Requests to pods from outside of their cluster: the real router, driver and client, with the double's API between them and the servers of pods.</summary>
public sealed class PodServingTests : IAsyncLifetime
{
    private const string Account = "system:serviceaccount:ops:ops-dashboard";
    private readonly ConcurrentDictionary<string, Uri> servers = new(StringComparer.Ordinal);
    private DrivenDouble world = null!;
    private ServingHarness harness = null!;
    private EndpointObservation seen = null!;

    public async ValueTask InitializeAsync()
    {
        world = await DrivenDouble.StartAsync();
        world.Cluster.Pods.Backend = (_, pod, _) => servers.GetValueOrDefault(pod);
        harness = await ServingHarness.StartAsync(add: services => services.AddSingleton<IReplicaTransport>(new PodTransport(world.Driver, Options.Create(new KubernetesOptions()))));
        seen = await world.UntilAsync(s => s.ReadyOf(Revision(1).PlanId) == 2, Revision(1));
        Publish(seen);
        Route([]);
    }

    [Fact]
    public async Task Serve_InferAsJson_IsAnsweredByAPodThroughTheApi()
    {
        await ServeAsync(async context =>
        {
            var body = await new StreamReader(context.Request.Body).ReadToEndAsync();
            var foreign = context.Request.Headers.Keys.Where(k => k.StartsWith("Impersonate", StringComparison.OrdinalIgnoreCase) || k.StartsWith("X-Remote", StringComparison.OrdinalIgnoreCase) || k == "Authorization");
            await context.Response.WriteAsync($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} {body} [{string.Join(',', foreign)}]");
        });

        using var request = new HttpRequestMessage(HttpMethod.Post, "/serve/digits/v2/models/digits/infer?a=b%20c") { Content = new StringContent("{\"inputs\":[]}", Encoding.UTF8, "application/json") };
        request.Headers.Add("Authorization", "Bearer mine");
        request.Headers.Add("Impersonate-User", "system:admin");
        request.Headers.Add("X-Remote-User", "system:admin");
        using var response = await harness.Client.SendAsync(request);

        Assert.Equal("POST /v2/models/digits/infer?a=b%20c {\"inputs\":[]} []", await response.Content.ReadAsStringAsync());
        Assert.Contains(world.Cluster.Api.Requests, r => r is { Verb: "create", Subresource: "proxy", Namespace: DrivenDouble.Namespace, User: Account });
        Assert.DoesNotContain(response.Headers, h => h.Key.StartsWith("Audit", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Serve_BinaryTensors_ArriveBothWaysAsTheyAre()
    {
        await ServeAsync(async context =>
        {
            context.Response.ContentType = "application/octet-stream";
            context.Response.Headers["Inference-Header-Content-Length"] = context.Request.Headers["Inference-Header-Content-Length"];
            await context.Request.Body.CopyToAsync(context.Response.Body);
        });
        var sent = Encoding.UTF8.GetBytes("{\"inputs\":[]}").Concat(Enumerable.Range(0, 700_000).Select(i => (byte)(i * 31))).ToArray();

        using var request = new HttpRequestMessage(HttpMethod.Post, "/serve/digits/v2/models/digits/infer") { Content = new ByteArrayContent(sent) };
        request.Headers.Add("Inference-Header-Content-Length", "13");
        using var response = await harness.Client.SendAsync(request);

        Assert.Equal("13", response.Headers.GetValues("Inference-Header-Content-Length").Single());
        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(sent, await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData(400, 20)]
    [InlineData(404, 20)]
    [InlineData(403, 20)]
    [InlineData(503, 20)]
    [InlineData(500, 300_000)]
    public async Task Serve_RuntimeAnswersAnError_ItIsHandedThrough(int status, int length)
    {
        var said = $"{{\"error\":\"{new string('x', length)}\"}}";
        var asked = 0;
        await ServeAsync(async context =>
        {
            Interlocked.Increment(ref asked);
            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(said);
        });

        using var response = await harness.Client.PostAsync("/serve/digits/v2/models/digits/infer", new StringContent("{}"));

        Assert.Equal((status, said, 1), ((int)response.StatusCode, await response.Content.ReadAsStringAsync(), asked));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Serve_OneOfTwoPodsIsGone_TheOtherGetsTheWholeRequest(bool isKnownToTheCluster)
    {
        await ServeAsync(async context => await context.Request.Body.CopyToAsync(context.Response.Body));
        var gone = seen.Replicas[0].Id;
        servers.TryRemove(gone, out _);
        if (!isKnownToTheCluster)
        {
            world.Cluster.Cluster!.Paused = true;
            lock (world.Cluster.Store.Gate)
            {
                world.Cluster.Store.Remove(ResourceKind.Pod, world.Cluster.Store.Get(ResourceKind.Pod, DrivenDouble.Namespace, gone)!);
            }
        }

        var body = Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7)).ToArray();
        for (var i = 0; i < 6; i++)
        {
            using var response = await harness.Client.PostAsync("/serve/digits/v2/models/digits/infer", new ByteArrayContent(body));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(body, await response.Content.ReadAsByteArrayAsync());
        }

        Assert.True(harness.Statistics.For(KubernetesSamples.Endpoint.Id).Retries >= 1);
    }

    [Fact]
    public async Task Serve_EveryPodIsGone_AsksToComeBack()
    {
        using var response = await harness.Client.PostAsync("/serve/digits/v2/models/digits/infer", new StringContent("{}"));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1)), (response.StatusCode, response.Headers.RetryAfter?.Delta));
        Assert.DoesNotContain("dial", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_TheApiIsGone_AsksToComeBack()
    {
        await world.Cluster.DisposeAsync();

        using var response = await harness.Client.PostAsync("/serve/digits/v2/models/digits/infer", new StringContent("{}"));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1)), (response.StatusCode, response.Headers.RetryAfter?.Delta));
    }

    [Fact]
    public async Task Serve_TheAccountMayNotReachPods_IsABadGatewayAtOnce()
    {
        await ServeAsync(context => context.Response.WriteAsync("reached"));
        world.Cluster.Access.Restrict(Account, new AccessRule(["get", "list", "watch"], ["*"], ["pods"]));

        using var response = await harness.Client.GetAsync("/serve/digits/v2");

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.DoesNotContain("serviceaccount", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_StreamedAnswer_PassesOnEachPartAsItComes()
    {
        var gate = new TaskCompletionSource();
        await ServeAsync(async context =>
        {
            await context.Response.WriteAsync("first");
            await context.Response.Body.FlushAsync();
            await gate.Task;
            await context.Response.WriteAsync("second");
        });

        using var response = await harness.Client.GetAsync("/serve/digits/v2", HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        var part = new byte[5];
        await body.ReadExactlyAsync(part).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        gate.SetResult();

        Assert.Equal("first", Encoding.ASCII.GetString(part));
        Assert.Equal("second", await new StreamReader(body).ReadToEndAsync());
    }

    [Fact]
    public async Task Serve_ACanaryWithAShare_GetsThatShareOfRequests()
    {
        var both = await world.UntilAsync(s => s.ReadyOf(Revision(1).PlanId) == 2 && s.ReadyOf(Revision(2).PlanId) == 1, Revision(1), Revision(2) with { Replicas = 1 });
        Publish(both);
        await ServeAsync(context => context.Response.WriteAsync("old"), both.Replicas.Where(r => r.PlanId == Revision(1).PlanId));
        await ServeAsync(context => context.Response.WriteAsync("new"), both.Replicas.Where(r => r.PlanId == Revision(2).PlanId));
        Route(new() { [Revision(1).PlanId] = 90, [Revision(2).PlanId] = 10 });

        var few = await CountNewAsync(300);
        Route(new() { [Revision(1).PlanId] = 0, [Revision(2).PlanId] = 100 });
        var all = await CountNewAsync(20);

        // A third of the pods, a tenth of the requests; five standard deviations on either side.
        Assert.InRange(few, 4, 56);
        Assert.Equal(20, all);
    }

    [Fact]
    public async Task Scrape_TheApiIsGone_IsAFailureOfThatReplicaAlone()
    {
        await world.Cluster.DisposeAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/metrics", UriKind.Relative));

        await Assert.ThrowsAsync<HttpRequestException>(() => new PodTransport(world.Driver, Options.Create(new KubernetesOptions())).SendAsync(KubernetesSamples.Endpoint, seen.Replicas[0], request, CancellationToken.None));
    }

    public async ValueTask DisposeAsync()
    {
        await harness.DisposeAsync();
        await world.DisposeAsync();
    }

    private static RevisionSpec Revision(int number) => KubernetesSamples.Revision(DrivenDouble.Plan, number: number);

    private async Task ServeAsync(RequestDelegate answer, IEnumerable<ReplicaObservation>? pods = null)
    {
        var (address, _) = await harness.StartReplicaAsync(answer);
        foreach (var pod in pods ?? seen.Replicas)
        {
            servers[pod.Id] = address;
        }
    }

    // Published by hand, so that the router knows what a watch that lags behind shows.
    private void Publish(EndpointObservation observation) => harness.Services.GetRequiredService<ObservedEndpoints>().Publish(observation);

    private void Route(Dictionary<Guid, int> weights) => harness.Services.GetRequiredService<RouteTable>().Publish(
        new(KubernetesSamples.Endpoint.Id, "digits", false, new HashSet<Guid> { Revision(1).PlanId, Revision(2).PlanId }) { Weights = weights });

    private async Task<int> CountNewAsync(int requests)
    {
        var count = 0;
        for (var i = 0; i < requests; i++)
        {
            count += await harness.Client.GetStringAsync("/serve/digits/v2") == "new" ? 1 : 0;
        }

        return count;
    }
}
