using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using k8s.Models;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Explain;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Dashboard.Features.Targets.Kubernetes.Supply;
using Ops.Dashboard.Features.Targets.Local;
using Ops.Data;
using Ops.Data.Rollouts;
using Ops.Data.Targets;
using Ops.Integration.Tests.Features.ModelStore;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>The objects that the dashboard makes, and the runtime that has to do as they say: both are the real ones.</summary>
public sealed class PodRunTests
{
    private const string Namespace = "models";

    [Theory]
    [InlineData(null)]
    [InlineData("model-cache")]
    public async Task Pod_AsTheDashboardMakesIt_FetchesTheVersionAndAnswers(string? claim)
    {
        await using var host = await StartAsync();
        var (endpoint, revision, source) = await SupplyAsync(host);
        revision = revision with { Plan = revision.Plan with { Kubernetes = revision.Plan.Kubernetes! with { CacheClaim = claim } } };
        using var pod = Pod(endpoint, revision, source, out var spec);
        var (code, said, log) = await RunAsync(pod, spec.InitContainers.Single());
        Assert.Equal((0, ""), (code, said));
        Assert.Equal(new(LoadStep.Download, 0, UploadClient.Onnx.Length), ProgressLines.Read(log.Split('\n')));

        // What is fetched once is enough: the server needs no store.
        await host.StopAsync();
        var container = spec.Containers.Single();
        using var server = pod.Start(container);
        try
        {
            var (output, errors) = (server.StandardOutput.ReadToEndAsync(), server.StandardError.ReadToEndAsync());
            var patience = Stopwatch.StartNew();
            while (await pod.ProbeAsync(container, container.ReadinessProbe) != HttpStatusCode.OK)
            {
                Assert.False(server.HasExited, "The server ended.");
                Assert.True(patience.Elapsed < TimeSpan.FromSeconds(60), "The server does not become ready.");
                await Task.Delay(50);
            }

            Assert.Equal(HttpStatusCode.OK, await pod.ProbeAsync(container, container.StartupProbe));
            Assert.Equal(HttpStatusCode.OK, await pod.ProbeAsync(container, container.LivenessProbe));
            await AssertAnswersAsync(pod.Url, revision.Plan);
            server.Kill();
            List<string> steps = [.. (await output).Split('\n').Select(line => ProgressLines.Read([line])).OfType<LoadStep>().Select(s => s.Name).Distinct()];
            Assert.Equal(["files", "session", "warm-up"], steps.Take(3));
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task Fetch_LinkThatExpired_EndsAsTheDashboardExplainsAndTheRenewedOneIsTaken()
    {
        await using var host = await StartAsync();
        var (endpoint, revision, source) = await SupplyAsync(host);
        var expired = source with { Files = [.. source.Files.Select(f => f with { Source = new Uri(f.Source.AbsoluteUri[..^4] + "AAAA") })] };
        using (var pod = Pod(endpoint, revision, expired, out var spec))
        {
            var (code, said, _) = await RunAsync(pod, spec.InitContainers.Single());
            Assert.Equal(ContainerWords.Unavailable, code);
            Assert.Contains("Links to a version expire", ContainerWords.FetchEnded(new() { ExitCode = code, Message = said }), StringComparison.Ordinal);
        }

        using (var pod = Pod(endpoint, revision, source, out var spec))
        {
            Assert.Equal(0, (await RunAsync(pod, spec.InitContainers.Single())).Code);
        }
    }

    [Fact]
    public async Task Fetch_OtherBytesThanApproved_EndsAsTheDashboardExplains()
    {
        await using var host = await StartAsync();
        var (endpoint, revision, source) = await SupplyAsync(host);
        using var pod = Pod(endpoint, revision, source with { Files = [.. source.Files.Select(f => f with { Sha256 = new string('0', 64) })] }, out var spec);
        var (code, said, _) = await RunAsync(pod, spec.InitContainers.Single());
        Assert.Equal(ContainerWords.HashMismatch, code);
        Assert.Contains("does not match its SHA-256", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resolve_StoreWithAnAuthorityOfItsOwn_TellsWhoIsToBeTrusted()
    {
        await using var host = await StartAsync();
        var (_, revision, _) = await SupplyAsync(host);
        host.Store.SourceAuthorities = "PEM";

        Assert.Equal("PEM", (await Sources(host).ResolveAsync(revision.Plan, CancellationToken.None)).Value.Authorities);
    }

    private static VersionSources Sources(UploadHost host) => new(host.Get<IDbContextFactory<RegistryDb>>(), host.Get<ModelStores>());

    private static Task<UploadHost> StartAsync() => UploadHost.StartAsync(services: services => services.AddSingleton<FetchLinks>());

    /// <summary>Uploads the sample, plans it, and asks for its files as the driver does: the store of this host is a folder, so they come from the dashboard itself.</summary>
    private static async Task<(EndpointRef Endpoint, RevisionSpec Revision, VersionSource Source)> SupplyAsync(UploadHost host)
    {
        await (await host.ClientAsync()).UploadAsync("digits", ("digits model.onnx", UploadClient.Onnx));
        await using var db = host.Db();
        var version = await db.Versions.SingleAsync();
        var endpoint = new EndpointRef(Guid.NewGuid(), "digits", Guid.NewGuid());
        var plan = new PlanSpec
        {
            EndpointId = endpoint.Id,
            Endpoint = endpoint.Name,
            TargetId = endpoint.TargetId,
            Target = "cluster",
            Environment = TargetEnvironment.Staging,
            Model = "digits",
            VersionId = version.Id,
            Version = version.Number,
            VersionDigest = version.Digest,
            Replicas = 1,
            Resources = new() { CpuThreads = 1, MemoryMiB = 512 },
            Kubernetes = new() { Namespace = Namespace, Image = "registry.example/ops/ops-runtime@sha256:" + new string('a', 64) },
        };
        host.Get<IOptions<KubernetesOptions>>().Value.DashboardUrl = host.Address.AbsoluteUri;
        var supply = new VersionSupply(Sources(host).ResolveAsync, host.Get<FetchLinks>(), TimeProvider.System);
        var planId = Guid.NewGuid();
        var supplied = await supply.GetAsync(planId, plan, CancellationToken.None);
        return (endpoint, new(planId, PlanSpec.HashOf(plan.ToCanonicalJson()), plan, 1), supplied.Value.Source);
    }

    private static PodOnThisMachine Pod(EndpointRef endpoint, RevisionSpec revision, VersionSource source, out V1PodSpec spec)
    {
        var template = RevisionObjects.Deployment(endpoint, revision, source, Namespace, 1).Spec.Template;
        spec = template.Spec;
        return new(
            template,
            RevisionObjects.Configuration(endpoint, revision, source, Namespace),
            RevisionObjects.FetchSecret(endpoint, revision, source, Namespace, TimeProvider.System.GetUtcNow().AddHours(12)));
    }

    /// <returns>The exit code, what the container says of its end, and its log.</returns>
    private static async Task<(int Code, string Said, string Log)> RunAsync(PodOnThisMachine pod, V1Container container)
    {
        using var process = pod.Start(container);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, (await errors).Trim(), await output);
    }

    private static async Task AssertAnswersAsync(Uri url, PlanSpec plan)
    {
        using var known = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "TestData", "expected.json")));
        var sample = known.RootElement.GetProperty("digits_cnn");
        var image = sample.GetProperty("x").EnumerateArray().Take(64).Select(v => v.GetSingle());
        using var http = new HttpClient { BaseAddress = url };
        using var answer = await http.PostAsync(
            $"/v2/models/{plan.Model}/versions/{plan.Version}/infer",
            new StringContent(JsonSerializer.Serialize(new { inputs = new[] { new { name = "input", datatype = "FP32", shape = new[] { 1, 1, 8, 8 }, data = image } } }), Encoding.UTF8, "application/json"));
        Assert.True(answer.StatusCode == HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        var logits = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(v => v.GetSingle()).ToList();
        Assert.All(sample.GetProperty("y").EnumerateArray().Take(10).Zip(logits), p => Assert.Equal(p.First.GetSingle(), p.Second, 1e-3f));
        Assert.Equal(10, logits.Count);
    }
}
