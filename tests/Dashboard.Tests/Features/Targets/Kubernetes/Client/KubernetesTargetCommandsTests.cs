using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Dashboard.Tests.Features.Rollouts;
using Ops.Data;
using Ops.Data.Audit;
using Ops.Data.Targets;
using Ops.Testing.Kubernetes;
using Endpoint = Ops.Data.Rollouts.Endpoint;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Client;

/// <summary>Clusters as administrators add and change them, over a real registry and, where one is asked, the double of a cluster.</summary>
public sealed class KubernetesTargetCommandsTests : IAsyncDisposable
{
    private const string Token = "secret-token-of-the-account";

    private const string Image = "registry.example/ops-runtime@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private OpsWorld world = null!;

    private static readonly KubernetesTargetInput Input = new()
    {
        Name = "lab",
        Environment = TargetEnvironment.Staging,
        Settings = new() { Namespace = "models", Registries = ["registry.example"], RuntimeImage = Image },
        Kubeconfig = KubeconfigOf("https://10.0.0.1:6443", Token),
    };

    private KubernetesTargetCommands Commands => world.Get<KubernetesTargetCommands>();

    [Theory]
    [InlineData("viewer")]
    [InlineData("operator")]
    [InlineData("approver")]
    public async Task AnyCommand_WithoutTheRight_IsRefusedAndAudited(string who)
    {
        await StartAsync();
        var (id, revision) = await AddAsync();
        var caller = world.As(who);
        var asked = 0;

        Assert.Equal(FailureKind.Forbidden, (await Commands.AddAsync(caller, Input with { Name = "other" })).Failure?.Kind);
        Assert.Equal(FailureKind.Forbidden, (await Commands.ChangeAsync(caller, id, revision, Input)).Failure?.Kind);
        Assert.Equal(FailureKind.Forbidden, (await Commands.TestAsync(caller, id, Input, new Heard(() => asked++))).Failure?.Kind);
        Assert.Equal(FailureKind.Forbidden, (await Commands.RetireAsync(caller, id, revision, null)).Failure?.Kind);

        Assert.Equal(0, asked);
        Assert.Equal(revision, (await ReadAsync(id)).Revision);
        await using var db = world.Open();
        Assert.False(await db.Targets.AnyAsync(t => t.Name == "other"));
        foreach (var action in (string[])["target.add", "target.change", "target.test", "target.retire"])
        {
            Assert.Equal(who, Assert.Single(await world.AuditAsync(action, AuditResult.Refused)).PersonName);
        }
    }

    [Fact]
    public async Task Add_Kubeconfig_IsKeptEncryptedAndNeverComesBack()
    {
        await StartAsync();
        var (id, _) = await AddAsync();

        var target = await ReadAsync(id);
        Assert.DoesNotContain(Token, target.ProtectedSecrets, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, target.SettingsJson, StringComparison.Ordinal);
        Assert.Contains(Token, Opened(id, target.ProtectedSecrets), StringComparison.Ordinal);

        // Not for another target: whoever swaps rows of the registry gains nothing.
        Assert.ThrowsAny<System.Security.Cryptography.CryptographicException>(() => world.Get<TargetSecrets>().Unprotect(Guid.NewGuid(), target.ProtectedSecrets));
        var entry = Assert.Single(await world.AuditAsync("target.add"));
        Assert.Contains("registry.example", entry.AfterJson, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, entry.AfterJson + entry.BeforeJson, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_EmptyKubeconfig_KeepsTheStoredOne_AndAnotherReplacesIt()
    {
        await StartAsync();
        var (id, revision) = await AddAsync();

        Assert.True((await Commands.ChangeAsync(world.As("administrator"), id, revision, Input with { Kubeconfig = " ", Settings = Input.Settings with { PriorityClass = "models" } })).Succeeded);
        var kept = await ReadAsync(id);
        Assert.Contains(Token, Opened(id, kept.ProtectedSecrets), StringComparison.Ordinal);
        Assert.Equal("models", KubernetesTargetSettings.Read(kept.SettingsJson).PriorityClass);

        Assert.Equal(FailureKind.Conflict, (await Commands.ChangeAsync(world.As("administrator"), id, revision, Input)).Failure?.Kind);
        Assert.True((await Commands.ChangeAsync(world.As("administrator"), id, kept.Revision, Input with { Kubeconfig = KubeconfigOf("https://10.0.0.2:6443", "another-secret") })).Succeeded);
        Assert.DoesNotContain(Token, Opened(id, (await ReadAsync(id)).ProtectedSecrets), StringComparison.Ordinal);
        var entries = await world.AuditAsync("target.change");
        Assert.Equal([false, true], entries.Select(e => e.AfterJson!.Contains("kept", StringComparison.Ordinal)).Order());
        Assert.All(entries, e => Assert.DoesNotContain("secret", e.AfterJson + e.BeforeJson, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Change_NamespaceWhileEndpointsAreThere_IsRefused()
    {
        await StartAsync();
        var (id, revision) = await AddAsync();
        await using (var db = world.Open())
        {
            db.Add(Endpoint.Create("digits", id, Guid.NewGuid(), "operator", world.Clock.GetUtcNow()).Value);
            await db.SaveChangesAsync();
        }

        var refused = (await Commands.ChangeAsync(world.As("administrator"), id, revision, Input with { Settings = Input.Settings with { Namespace = "elsewhere" } })).Failure;
        Assert.Equal((FailureKind.Conflict, "namespace"), (refused?.Kind, refused?.Field));
        Assert.Contains("digits is on this target", refused!.Message, StringComparison.Ordinal);
        Assert.Equal("models", KubernetesTargetSettings.Read((await ReadAsync(id)).SettingsJson).Namespace);
        Assert.True((await Commands.ChangeAsync(world.As("administrator"), id, revision, Input with { Settings = Input.Settings with { NodeFilter = "pool=a" } })).Succeeded);
    }

    [Fact]
    public async Task Add_Mistake_IsNamedAtItsFieldAndNothingIsSaved()
    {
        await StartAsync();
        (string Field, KubernetesTargetInput Input)[] mistakes =
        [
            ("name", Input with { Name = "../etc" }),
            ("name", Input with { Name = "lab\nhostNetwork: true" }),
            ("name", Input with { Name = "local" }),
            ("namespace", With(s => s with { Namespace = "kube-system" })),
            ("namespace", With(s => s with { Namespace = "kube-of-somebody" })),
            ("namespace", With(s => s with { Namespace = "models\nhostNetwork: true" })),
            ("registries", With(s => s with { Registries = [] })),
            ("registries", With(s => s with { Registries = ["https://registry.example"] })),
            ("image", With(s => s with { RuntimeImage = Image.Replace("registry.example", "registry.example.evil.com", StringComparison.Ordinal) })),
            ("image", With(s => s with { RuntimeImage = "registry.example/ops-runtime:1.0" })),
            ("gpuImage", With(s => s with { GpuRuntimeImage = "other.example/x@sha256:" + new string('0', 64) })),
            ("nodeLabels", With(s => s with { NodeFilter = "node-role.kubernetes.io/control-plane=" })),
            ("tolerations", With(s => s with { Tolerations = ["node.kubernetes.io/unschedulable"] })),
            ("priorityClass", With(s => s with { PriorityClass = "system-node-critical" })),
            ("environment", Input with { Environment = (TargetEnvironment)99 }),
            ("kubeconfig", Input with { Kubeconfig = "" }),
        ];
        List<string?> named = [];
        foreach (var (_, input) in mistakes)
        {
            named.Add((await Commands.AddAsync(world.As("administrator"), input)).Failure?.Field);
        }

        Assert.Equal(mistakes.Select(m => m.Field), named);
        await using var db = world.Open();
        Assert.False(await db.Targets.AnyAsync(t => t.Kind == TargetKinds.Kubernetes));
        Assert.Empty(await world.AuditAsync("target.add"));
    }

    [Fact]
    public async Task Test_StoredKubeconfig_AsksTheClusterAndChangesNothing()
    {
        await StartAsync(allowsHttp: true);
        await using var cluster = await KubernetesDouble.StartAsync();
        var input = Input with { Settings = Input.Settings with { Namespace = "ops" }, Kubeconfig = cluster.KubeConfig() };
        var (id, revision) = await AddAsync(input);
        var before = cluster.Store.Version;
        List<string> heard = [];

        var checks = await Commands.TestAsync(world.As("administrator"), id, input with { Kubeconfig = null }, new Heard(c => heard.Add(c.Name)));

        Assert.True(checks.Succeeded, checks.Failure?.Message);
        Assert.All(checks.Value, c => Assert.True(c.Passed, $"{c.Name}: {c.Message}"));
        Assert.Equal(checks.Value.Select(c => c.Name), heard);
        Assert.DoesNotContain(cluster.Token, string.Join('\n', checks.Value.Select(c => c.Message)), StringComparison.Ordinal);
        Assert.Equal((before, revision), (cluster.Store.Version, (await ReadAsync(id)).Revision));

        var missing = await Commands.TestAsync(world.As("administrator"), id, input with { Kubeconfig = null, Settings = input.Settings with { Namespace = "nowhere" } }, null);
        Assert.Contains("There is no namespace nowhere", missing.Value.Single(c => c.Name == "Namespace").Message, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        if (world is not null)
        {
            await world.DisposeAsync();
        }
    }

    private async Task StartAsync(bool allowsHttp = false) => world = await OpsWorld.CreateAsync(drivers: services => services
        .AddClusters()
        .Configure<KubernetesOptions>(o => o.AllowInsecure = allowsHttp)
        .AddSingleton<TargetsFeed>()
        .Replace(ServiceDescriptor.Singleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider())));

    private async Task<(Guid Id, int Revision)> AddAsync(KubernetesTargetInput? input = null)
    {
        var added = await Commands.AddAsync(world.As("administrator"), input ?? Input);
        Assert.True(added.Succeeded, added.Failure?.Message);
        return (added.Value, (await ReadAsync(added.Value)).Revision);
    }

    private async Task<Target> ReadAsync(Guid id)
    {
        await using var db = world.Open();
        return await db.Targets.AsNoTracking().SingleAsync(t => t.Id == id);
    }

    private string Opened(Guid id, string? secrets) => world.Get<TargetSecrets>().Unprotect(id, secrets) ?? "";

    private static KubernetesTargetInput With(Func<KubernetesTargetSettings, KubernetesTargetSettings> change) => Input with { Settings = change(Input.Settings) };

    private static string KubeconfigOf(string server, string token) =>
        $$"""
        apiVersion: v1
        kind: Config
        current-context: lab
        clusters: [{ name: a, cluster: { server: "{{server}}" } }]
        users: [{ name: u, user: { token: {{token}} } }]
        contexts: [{ name: lab, context: { cluster: a, user: u } }]
        """;

    private sealed class Heard(Action<ClusterCheck> report) : IProgress<ClusterCheck>
    {
        public Heard(Action report)
            : this(_ => report())
        {
        }

        public void Report(ClusterCheck value) => report(value);
    }
}
