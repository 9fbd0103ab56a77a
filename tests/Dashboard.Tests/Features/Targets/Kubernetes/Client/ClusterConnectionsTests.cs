using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Dashboard.Tests.Support;
using Ops.Data.Targets;
using Ops.Testing;
using Ops.Testing.Kubernetes;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Client;

/// <summary>How connections follow the files of the machine that they are made of.</summary>
public sealed class ClusterConnectionsTests : IClassFixture<TestRegistry>, IAsyncLifetime
{
    private readonly TestRegistry registry;
    private readonly ManualTime time = new();
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ops-kubeconfig-");
    private readonly List<Guid> targets = [];
    private ClusterConnections connections = null!;
    private KubernetesDouble cluster = null!;

    public ClusterConnectionsTests(TestRegistry registry) => this.registry = registry;

    private string Config => Path.Combine(folder.FullName, "config");

    public async ValueTask InitializeAsync()
    {
        cluster = await KubernetesDouble.StartAsync(new() { Tls = true, Cluster = false });
        var options = Options.Create(new KubernetesOptions { Kubeconfig = [Config] });
        var secrets = new TargetSecrets(new EphemeralDataProtectionProvider());
        var inside = new InClusterAccess(TimeProvider.System) { Folder = folder.FullName, Address = (cluster.Address.Host, $"{cluster.Address.Port}") };
        connections = new(registry.Databases, new(inside, options, TimeProvider.System), secrets, time, NullLoggerFactory.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await connections.DisposeAsync();
        await cluster.DisposeAsync();
        folder.Delete(recursive: true);
        await using var db = await registry.Databases.CreateDbContextAsync();
        db.Targets.RemoveRange(db.Targets.Where(t => targets.Contains(t.Id)));
        await db.SaveChangesAsync();
    }

    [Fact]
    public async Task Refresh_KubeconfigThatWasMissing_IsTriedAgainAfterAPause()
    {
        var target = await AddAsync(new() { MachineKubeconfig = true });
        await connections.RefreshAsync(default);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => connections.GetAsync(target, default));
        Assert.Contains("is there", refused.Message, StringComparison.Ordinal);

        await File.WriteAllTextAsync(Config, cluster.KubeConfig());
        await connections.RefreshAsync(default);
        Assert.Null(connections.Find(target));
        time.Advance(TimeSpan.FromSeconds(5));
        await connections.RefreshAsync(default);

        await (await connections.GetAsync(target, default)).SeenAsync(default).WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Refresh_FileThatStaysMissing_IsLookedForLessAndLessOften_AtLeastEachMinute()
    {
        var target = await AddAsync(new() { MachineKubeconfig = true });
        for (var i = 0; i < 60; i++)
        {
            await connections.RefreshAsync(default);
            time.Advance(TimeSpan.FromSeconds(5));
        }

        // It was looked for after 5, 10, 20 and 40 seconds, and then each minute: the next time is 15 seconds away.
        await File.WriteAllTextAsync(Config, cluster.KubeConfig());
        await connections.RefreshAsync(default);
        Assert.Null(connections.Find(target));
        time.Advance(TimeSpan.FromSeconds(15));
        await connections.RefreshAsync(default);

        Assert.NotNull(connections.Find(target));
    }

    [Fact]
    public async Task Refresh_FilesThatStayAsTheyAre_KeepTheConnection()
    {
        await WriteFilesAsync(cluster.Certificates.AuthorityPem, "someone");
        var target = await AddAsync(new() { MachineKubeconfig = true });
        await connections.RefreshAsync(default);
        var first = connections.Find(target);

        time.Advance(TimeSpan.FromMinutes(1));
        await connections.RefreshAsync(default);

        Assert.NotNull(first);
        Assert.Same(first, connections.Find(target));
    }

    [Fact]
    public async Task Refresh_ClientCertificateWasRenewed_SignsInWithTheNewOne()
    {
        await WriteFilesAsync(cluster.Certificates.AuthorityPem, "someone");
        var target = await AddAsync(new() { MachineKubeconfig = true });
        await (await connections.GetAsync(target, default)).SeenAsync(default).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Contains(cluster.Api.Requests, r => r.User == "someone");

        await WriteFilesAsync(cluster.Certificates.AuthorityPem, "another");
        await connections.RefreshAsync(default);

        await (await connections.GetAsync(target, default)).SeenAsync(default).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Contains(cluster.Api.Requests, r => r.User == "another");
    }

    [Fact]
    public async Task Refresh_FilesThatAreWrittenJustNow_KeepWhatTheySaidBefore_ForAMinute()
    {
        await WriteFilesAsync(cluster.Certificates.AuthorityPem, "someone");
        var target = await AddAsync(new() { MachineKubeconfig = true });
        await connections.RefreshAsync(default);
        var first = connections.Find(target);

        File.Delete(Path.Combine(folder.FullName, "client.key"));
        await connections.RefreshAsync(default);
        time.Advance(TimeSpan.FromSeconds(55));
        await connections.RefreshAsync(default);
        Assert.Same(first, connections.Find(target));

        time.Advance(TimeSpan.FromSeconds(5));
        await connections.RefreshAsync(default);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => connections.GetAsync(target, default));
        Assert.Contains("cannot be read", refused.Message, StringComparison.Ordinal);

        await WriteFilesAsync(cluster.Certificates.AuthorityPem, "someone");
        time.Advance(TimeSpan.FromSeconds(5));
        await connections.RefreshAsync(default);
        Assert.NotNull(connections.Find(target));
    }

    [Fact]
    public async Task Refresh_PodsAuthorityWasReplaced_TrustsTheNewOne_AndSignsInWithTheToken()
    {
        using var others = new TestCertificates();
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "token"), cluster.Token);
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "ca.crt"), others.AuthorityPem);
        var target = await AddAsync(new() { InCluster = true });
        var refused = await Assert.ThrowsAsync<ClusterException>(async () => await (await connections.GetAsync(target, default)).SeenAsync(default).WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains("its certificate is not one", refused.Message, StringComparison.Ordinal);

        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "ca.crt"), cluster.Certificates.AuthorityPem);
        await connections.RefreshAsync(default);

        await (await connections.GetAsync(target, default)).SeenAsync(default).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Contains(cluster.Api.Requests, r => r.User == "system:serviceaccount:ops:ops-dashboard");
    }

    private async Task WriteFilesAsync(string authority, string user)
    {
        var (certificate, key) = cluster.Certificates.Issue($"CN={user}");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "ca.crt"), authority);
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "client.crt"), certificate);
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "client.key"), key);

        // Paths as kubectl reads them: from the folder of the kubeconfig.
        await File.WriteAllTextAsync(Config, $$$"""
            {"apiVersion":"v1","kind":"Config","current-context":"c",
             "clusters":[{"name":"c","cluster":{"server":"{{{cluster.Address}}}","certificate-authority":"ca.crt"}}],
             "users":[{"name":"u","user":{"client-certificate":"./client.crt","client-key":"client.key"}}],
             "contexts":[{"name":"c","context":{"cluster":"c","user":"u"}}]}
            """);
    }

    private async Task<Guid> AddAsync(KubernetesTargetSettings settings)
    {
        var id = Guid.CreateVersion7();
        var target = Target.Create(new()
        {
            Id = id,
            Name = $"cluster-{targets.Count}",
            Kind = TargetKinds.Kubernetes,
            Environment = TargetEnvironment.Staging,
            SettingsJson = (settings with { Namespace = "ops", Registries = ["registry.example"] }).Write(),
            ProtectedSecrets = null,
            ByName = "administrator",
            Now = time.GetUtcNow(),
        }).Value;
        await using var db = await registry.Databases.CreateDbContextAsync();
        db.Targets.Add(target);
        await db.SaveChangesAsync();
        targets.Add(id);
        return id;
    }
}
