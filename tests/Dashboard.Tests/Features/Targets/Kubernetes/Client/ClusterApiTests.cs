using System.Net;
using System.Security.Cryptography.X509Certificates;
using k8s.Models;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Testing.Kubernetes;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Client;

/// <summary>The client over TLS: who is trusted, who signs in, and what it makes of refusals.</summary>
public sealed class ClusterApiTests : IAsyncLifetime
{
    private KubernetesDouble cluster = null!;

    public async ValueTask InitializeAsync() => cluster = await KubernetesDouble.StartAsync(new() { Tls = true, Cluster = false });

    public ValueTask DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task Get_WithTheKubeconfigsAuthority_Answers()
    {
        var config = Kubeconfig.Parse(cluster.KubeConfig()).Value.Choose("").Value;
        using var access = KubeconfigAccess.Make(config, new(), TimeProvider.System).Value;
        using var api = Api(access);

        Assert.Equal("v1.36.2", await api.VersionAsync(default));
        Assert.Equal("ops", (await api.GetAsync<V1Namespace>(null, "ops", default)).Metadata.Name);
    }

    [Fact]
    public async Task Get_ClientCertificateInsteadOfAToken_SignsIn()
    {
        var config = Kubeconfig.Parse(cluster.KubeConfig("someone")).Value.Choose("").Value;
        using var access = KubeconfigAccess.Make(config, new(), TimeProvider.System).Value;
        using var api = Api(access);

        await api.ApplyAsync(Map("a"), new(), default);

        Assert.Contains(cluster.Api.Requests, r => r.User == "someone");
    }

    [Fact]
    public async Task Get_AuthorityOfAnotherCluster_IsRefusedInOneSentence()
    {
        using var others = new TestCertificates();
        using var access = new ClusterAccess { Server = cluster.Address, Token = new FixedToken(cluster.Token), Authorities = [X509CertificateLoader.LoadCertificate(others.Authority.RawData)] };
        using var api = Api(access);

        var refused = await Assert.ThrowsAsync<ClusterException>(() => api.VersionAsync(default));

        Assert.Equal(ClusterProblem.Unreachable, refused.Problem);
        Assert.Contains("its certificate is not one that the kubeconfig trusts", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_TokenThatWasReplaced_NextRequestTakesTheNewOne()
    {
        var token = new TwoTokens("old", cluster.Token);
        using var access = new ClusterAccess { Server = cluster.Address, Token = token, Authorities = [X509CertificateLoader.LoadCertificate(cluster.Certificates.Authority.RawData)] };
        using var api = Api(access);

        var refused = await Assert.ThrowsAsync<ClusterException>(() => api.GetAsync<V1Namespace>(null, "ops", default));
        Assert.Equal(ClusterProblem.Unauthorized, refused.Problem);
        Assert.DoesNotContain("old", refused.Message, StringComparison.Ordinal);

        await api.GetAsync<V1Namespace>(null, "ops", default);

        Assert.Equal(1, token.Forgotten);
    }

    [Fact]
    public async Task Apply_FieldOfAnother_ConflictNamesWhoAndWhat_AndForceTakesIt()
    {
        using var access = new ClusterAccess { Server = cluster.Address, Token = new FixedToken(cluster.Token), Authorities = [X509CertificateLoader.LoadCertificate(cluster.Certificates.Authority.RawData)] };
        using var api = Api(access);
        await api.ApplyAsync(Map("a", "ours"), new(), default);
        cluster.Edit(ResourceKind.Find("", "v1", "configmaps")!, "ops", "a", m => m["data"]!["k"] = "theirs");

        var conflict = await Assert.ThrowsAsync<ClusterException>(() => api.ApplyAsync(Map("a", "ours"), new(), default));
        Assert.Equal(ClusterProblem.FieldConflict, conflict.Problem);
        Assert.Contains("kubectl-edit has set", conflict.Message, StringComparison.Ordinal);
        Assert.Contains("data.k", conflict.Message, StringComparison.Ordinal);

        var would = (V1ConfigMap)await api.ApplyAsync(Map("a", "ours"), new(Force: true, DryRun: true), default);
        Assert.Equal("ours", would.Data["k"]);
        Assert.Equal("theirs", (await api.GetAsync<V1ConfigMap>("ops", "a", default)).Data["k"]);
        await api.ApplyAsync(Map("a", "ours"), new(Force: true), default);
        Assert.Equal("ours", (await api.GetAsync<V1ConfigMap>("ops", "a", default)).Data["k"]);
    }

    [Fact]
    public async Task Apply_WhileManyLogsAreGlancedAt_DoesNotWaitBehindThem()
    {
        using var access = new ClusterAccess { Server = cluster.Address, Token = new FixedToken(cluster.Token), Authorities = [X509CertificateLoader.LoadCertificate(cluster.Certificates.Authority.RawData)] };
        using var api = new ClusterFactory(null!, Options.Create(new KubernetesOptions { RequestsPerSecond = 1, Burst = 1, FiguresPerSecond = 3 }), TimeProvider.System).MakeApi(access);
        var glances = Enumerable.Range(0, 20).Select(i => Assert.ThrowsAsync<ClusterException>(() => api.ReadLogAsync("ops", $"pod-{i}", new() { Container = "fetch", IsGlance = true }).ToListAsync().AsTask())).ToList();

        await api.ApplyAsync(Map("a"), new(), default).WaitAsync(TimeSpan.FromSeconds(5));

        // No such pods are there; most were not asked for at all.
        Assert.InRange((await Task.WhenAll(glances)).Count(e => e.Problem == ClusterProblem.NotFound), 1, 6);
        Assert.InRange(cluster.Api.Requests.Count(r => r.Path.EndsWith("/log", StringComparison.Ordinal)), 1, 6);
    }

    [Fact]
    public async Task Delete_AnotherObjectOfTheSameName_LeavesItAlone()
    {
        using var access = new ClusterAccess { Server = cluster.Address, Token = new FixedToken(cluster.Token), Authorities = [X509CertificateLoader.LoadCertificate(cluster.Certificates.Authority.RawData)] };
        using var api = Api(access);
        var seen = await api.ApplyAsync(Map("a"), new(), default);
        cluster.Delete(ResourceKind.Find("", "v1", "configmaps")!, "ops", "a");
        await api.ApplyAsync(Map("a"), new(), default);

        await api.DeleteAsync(seen, "Background", default);

        Assert.NotNull(await api.FindAsync<V1ConfigMap>("ops", "a", default));
    }

    private static ClusterApi Api(ClusterAccess access) => new ClusterFactory(null!, Options.Create(new KubernetesOptions()), TimeProvider.System).MakeApi(access);

    private static V1ConfigMap Map(string name, string value = "v") => new() { Metadata = new() { Name = name, NamespaceProperty = "ops" }, Data = new Dictionary<string, string> { ["k"] = value } };

    private sealed class TwoTokens(string first, string second) : IClusterToken
    {
        public int Forgotten { get; private set; }

        public ValueTask<ClusterCredential> GetAsync(CancellationToken cancellation) => ValueTask.FromResult(new ClusterCredential(Forgotten == 0 ? first : second));

        public void Forget() => Forgotten++;
    }
}
