using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using k8s.Models;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Testing;
using Ops.Testing.Kubernetes;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Client;

/// <summary>How a connection is made and signed in to as a kubeconfig says, over TLS.</summary>
public sealed class ClusterSignInTests : IAsyncLifetime
{
    private readonly ManualTime time = new();
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ops-sign-in-");
    private KubernetesDouble cluster = null!;

    public async ValueTask InitializeAsync() => cluster = await KubernetesDouble.StartAsync(new() { Tls = true, Cluster = false });

    public async ValueTask DisposeAsync()
    {
        await cluster.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task CertificateFromAnAuthorityBetween_IsSentWithThatAuthoritysOwn()
    {
        var (certificates, key) = cluster.Certificates.IssueThroughAnother("CN=someone");
        using var access = Make($$"""{"client-certificate-data":"{{Base64(certificates)}}","client-key-data":"{{Base64(key)}}"}""");
        using var api = Api(access);

        await api.GetAsync<V1Namespace>(null, "ops", default);

        Assert.Equal("someone", cluster.Api.Requests.Last().User);
    }

    [Fact]
    public async Task ProgramThatGivesACertificate_SignsInWithIt_AndWithTheNextOnOtherConnections()
    {
        await CertificateAsync("first");
        using var access = Make($$$"""{"exec":{"apiVersion":"client.authentication.k8s.io/v1","command":"/bin/cat","args":["{{{folder.FullName}}}/credential"],"interactiveMode":"Never"}}""");
        using var api = Api(access);
        await api.GetAsync<V1Namespace>(null, "ops", default);
        await api.GetAsync<V1Namespace>(null, "ops", default);
        Assert.Equal(["first", "first"], cluster.Api.Requests.Select(r => r.User));

        await CertificateAsync("second");
        time.Advance(TimeSpan.FromMinutes(10));
        await api.GetAsync<V1Namespace>(null, "ops", default);

        Assert.Equal("second", cluster.Api.Requests.Last().User);
    }

    [Theory]
    [InlineData("kubernetes.default.svc", true)]
    [InlineData("elsewhere.example", false)]
    public async Task TlsServerName_IsTheNameThatTheCertificateMustHave(string name, bool answers)
    {
        using var access = Make(Token, $"""
            "tls-server-name":"{name}",
            """);
        using var api = Api(access);

        var asked = await Record.ExceptionAsync(() => api.GetAsync<V1Namespace>(null, "ops", default));

        Assert.Equal(answers, asked is null);
        Assert.True(answers || asked is ClusterException { Problem: ClusterProblem.Unreachable } refused && refused.Message.Contains("its certificate is not one", StringComparison.Ordinal), asked?.Message);
    }

    [Theory]
    [InlineData("", "", true)]
    [InlineData("p%40x", "s:e%2Fcret", true)]
    [InlineData("p%40x", "wrong", false)]
    public async Task ProxyUrl_LeadsTheWay_WithItsUserAndPassword(string user, string password, bool answers)
    {
        await using var proxy = new ConnectProxy(user.Length == 0 ? null : "p@x:s:e/cret");
        using var access = Make(Token, $"""
            "proxy-url":"http://{(user.Length == 0 ? "" : $"{user}:{password}@")}{proxy.Address}",
            """);
        using var api = Api(access);

        var asked = await Record.ExceptionAsync(() => api.GetAsync<V1Namespace>(null, "ops", default));

        Assert.Equal(answers, asked is null);
        Assert.Equal(answers, proxy.Connected.Contains(cluster.Address.Authority));
        Assert.DoesNotContain(password.Length == 0 ? "nothing" : password, asked?.Message ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task TokenFileOfAKubeconfig_FromItsFolder_IsReadAgainEachMinute()
    {
        var file = Path.Combine(folder.FullName, "token");
        await File.WriteAllTextAsync(file, cluster.Token);
        using var access = Make("""{"tokenFile":"./token"}""");
        using var api = Api(access);
        await api.GetAsync<V1Namespace>(null, "ops", default);

        cluster.Tokens["renewed"] = "renewed";
        await File.WriteAllTextAsync(file, "renewed\n");
        time.Advance(TimeSpan.FromMinutes(1));
        await api.GetAsync<V1Namespace>(null, "ops", default);

        Assert.Equal(["system:serviceaccount:ops:ops-dashboard", "renewed"], cluster.Api.Requests.Select(r => r.User));
    }

    private string Token => $$"""{"token":"{{cluster.Token}}"}""";

    private async Task CertificateAsync(string user)
    {
        var (certificate, key) = cluster.Certificates.Issue($"CN={user}");
        var status = new JsonObject { ["clientCertificateData"] = certificate, ["clientKeyData"] = key, ["expirationTimestamp"] = time.GetUtcNow().AddMinutes(10).ToString("O") };
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "credential"), new JsonObject { ["apiVersion"] = "client.authentication.k8s.io/v1", ["kind"] = "ExecCredential", ["status"] = status }.ToJsonString());
    }

    private ClusterAccess Make(string user, string more = "")
    {
        var text = $$$$"""
            {"apiVersion":"v1","kind":"Config","current-context":"c",
             "clusters":[{"name":"c","cluster":{{{{{more}}}} "server":"{{{{cluster.Address}}}}","certificate-authority-data":"{{{{Base64(cluster.Certificates.AuthorityPem)}}}}"}}],
             "users":[{"name":"u","user":{{{{user}}}}}],
             "contexts":[{"name":"c","context":{"cluster":"c","user":"u"}}]}
            """;
        var made = KubeconfigAccess.Make(Kubeconfig.Join([(text, folder.FullName)]).Value.Choose("").Value, new() { AllowExecPlugins = true }, time);
        Assert.True(made.Succeeded, made.Failure?.Message);
        return made.Value;
    }

    private static ClusterApi Api(ClusterAccess access) => new ClusterFactory(null!, Options.Create(new KubernetesOptions()), TimeProvider.System).MakeApi(access);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
