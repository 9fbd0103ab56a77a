using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Monitoring.Prometheus;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Figures;
using Ops.Dashboard.Features.Targets.Kubernetes.Supply;
using Ops.Data;
using Ops.Testing;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Figures;

/// <summary>Figures of pods as a Prometheus gives them, right and wrong.</summary>
public sealed class PodFiguresTests : IAsyncLifetime
{
    private static readonly ReplicaObservation Pod = new() { Id = "digits-1", PlanId = Guid.NewGuid(), Node = "node", Phase = ReplicaPhase.Ready };
    private readonly ManualTime time = new();
    private readonly PrometheusClient client = new();
    private WebApplication prometheus = null!;
    private KubernetesTargetDriver driver = null!;
    private int asked;
    private (int Code, string Body) answer = (200, Vector("digits-1", "ops_runtime_info", "1"));

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        prometheus = builder.Build();
        prometheus.Run(context =>
        {
            asked++;
            context.Response.StatusCode = answer.Code;
            return context.Response.WriteAsync(answer.Body);
        });
        await prometheus.StartAsync();
        var cluster = new FakeCluster { Settings = new() { Namespace = KubernetesSamples.Namespace, Registries = ["registry.example"], Prometheus = new(prometheus.Urls.First()) } };
        var supply = new VersionSupply((_, _) => Task.FromResult(Result.Of(KubernetesSamples.Source)), new(new EphemeralDataProtectionProvider(), Options.Create(new KubernetesOptions())), time);
        driver = new(cluster, new(supply), new Turn(), new(), new Deaf(), time, NullLogger<KubernetesTargetDriver>.Instance);
        await driver.ObserveAsync(KubernetesSamples.Endpoint, default);
    }

    [Fact]
    public async Task Read_ManyPods_AsksOnceInFiveSeconds()
    {
        var figures = new PodFigures(driver, client, time);

        Assert.True(figures.Carries(KubernetesSamples.Endpoint, Pod));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => figures.ReadAsync(KubernetesSamples.Endpoint, Pod, default)));
        Assert.Equal(1, asked);
        time.Advance(TimeSpan.FromSeconds(5));
        var (samples, at) = await figures.ReadAsync(KubernetesSamples.Endpoint, Pod, default);

        Assert.Equal(2, asked);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_500), at);
        Assert.Equal(("ops_runtime_info", 1.0), (samples.Single().Name, samples.Single().Value));
    }

    [Fact]
    public async Task Read_PodThatIsNotScraped_SaysWhatPrometheusMustDo()
    {
        var figures = new PodFigures(driver, client, time);

        var missing = await Assert.ThrowsAsync<HttpRequestException>(() => figures.ReadAsync(KubernetesSamples.Endpoint, Pod with { Id = "digits-2" }, default));

        Assert.Contains("has taken no figures of digits-2 in the last minute", missing.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(503, "busy", typeof(HttpRequestException))]
    [InlineData(302, "", typeof(HttpRequestException))]
    [InlineData(200, "<html>", typeof(FormatException))]
    [InlineData(200, """{"status":"success"}""", typeof(FormatException))]
    [InlineData(200, """{"data":{"result":[{"metric":{},"values":[]}]}}""", typeof(FormatException))]
    [InlineData(200, """{"data":{"result":[{"metric":{"pod":"a"},"values":[[1,"no number"]]}]}}""", typeof(FormatException))]
    public async Task Read_SomethingElseAnswers_Fails(int code, string body, Type expected)
    {
        answer = (code, body);
        var figures = new PodFigures(driver, client, time);

        await Assert.ThrowsAsync(expected, () => figures.ReadAsync(KubernetesSamples.Endpoint, Pod, default));
    }

    public async ValueTask DisposeAsync()
    {
        driver.Dispose();
        client.Dispose();
        await prometheus.DisposeAsync();
    }

    private static string Vector(string pod, string name, string value) =>
        $$$"""{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"{{{name}}}","pod":"{{{pod}}}"},"values":[[1700000000,"0"],[1700000000.5,"{{{value}}}"]]}]}}""";

    private sealed class Deaf : ITargetEvents
    {
        public void Report(TargetEvent happened)
        {
        }
    }
}
