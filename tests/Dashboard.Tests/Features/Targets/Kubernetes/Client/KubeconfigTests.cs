using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Data;
using Ops.Testing;
using Ops.Testing.Kubernetes;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Client;

/// <summary>What is taken from a kubeconfig, and what a browser may not bring in with one.</summary>
public sealed class KubeconfigTests
{
    private const string Plain = "token: secret";

    [Fact]
    public void Join_SeveralFiles_TheFirstOfANameCounts()
    {
        var joined = Kubeconfig.Join([(Text("https://one.example", Plain), null), (Text("https://two.example", Plain, context: "other"), null)]).Value;

        Assert.Equal(["main", "other"], joined.Contexts.Select(c => c.Name));
        Assert.All(joined.Contexts, c => Assert.Equal("https://one.example", c.Server));
        Assert.True(joined.Contexts.Single(c => c.IsCurrent).Name == "main");
    }

    [Theory]
    [InlineData("", "no contexts")]
    [InlineData("[1, 2", "cannot be read as YAML")]
    [InlineData("just text", "cannot be read as YAML")]
    [InlineData("a: &a [x]\nb: *a", "cannot be read as YAML")]
    public void Parse_NotAKubeconfig_SaysWhy(string text, string expected) =>
        Assert.Contains(expected, Kubeconfig.Parse(text).Failure?.Message, StringComparison.Ordinal);

    [Fact]
    public void Parse_MoreThanAMebibyte_IsRefused() =>
        Assert.Contains("1 MiB", Kubeconfig.Parse("#" + new string('x', 1 << 20)).Failure?.Message, StringComparison.Ordinal);

    [Fact]
    public void Choose_ContextThatIsNotThere_IsRefusedAtItsField()
    {
        var config = Kubeconfig.Parse(Text("https://one.example", Plain)).Value;

        Assert.Equal("context", config.Choose("elsewhere").Failure?.Field);
        Assert.Equal("main", config.Choose("").Value.Context.Name);
    }

    [Theory]
    [InlineData("tokenFile: /etc/passwd", "tokenFile")]
    [InlineData("client-certificate: /etc/ssl/a.pem\n    client-key: /etc/ssl/a.key", "client-certificate, client-key")]
    [InlineData("exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: /bin/sh", "start a program")]
    [InlineData("auth-provider:\n      name: gcp", "auth-provider")]
    [InlineData("username: admin\n    password: admin", "user name and password")]
    [InlineData("token: secret\n    as: system:admin", "somebody else")]
    public void Make_UserThatReachesBeyondTheText_IsRefused(string user, string expected) =>
        Assert.Contains(expected, Make(Text("https://one.example", user)).Failure?.Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("https://user:secret@one.example")]
    [InlineData("https://one.example/?a=b")]
    [InlineData("not an address")]
    public void Make_ServerThatIsNoPlainAddress_IsRefused(string server) =>
        Assert.Contains("https:// or http://", Make(Text(server, Plain)).Failure?.Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("insecure-skip-tls-verify: true", "not to check")]
    [InlineData("proxy-url: ftp://proxy.example", "proxy-url")]
    [InlineData("certificate-authority: /etc/ssl/ca.pem", "certificate-authority")]
    [InlineData("certificate-authority-data: AAAA", "cannot be read")]
    [InlineData("certificate-authority-data: '%%%'", "cannot be read")]
    public void Make_ClusterThatIsNotTaken_SaysWhy(string line, string expected) =>
        Assert.Contains(expected, Make(Text("https://one.example", Plain, more: line)).Failure?.Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(Plain)]
    [InlineData("{}")]
    public void Make_ServerByHttp_IsRefusedUnlessTheConfigurationAllowsIt(string user)
    {
        var refused = Make(Text("http://one.example", user)).Failure;

        Assert.Contains("whoever is on the way reads what it signs in with", refused?.Message, StringComparison.Ordinal);
        Assert.Contains("Ops:Kubernetes:AllowInsecure", refused?.Message, StringComparison.Ordinal);
        using var access = Make(Text("http://one.example", user), new() { AllowInsecure = true }).Value;
        Assert.Equal("http", access.Server.Scheme);
    }

    [Theory]
    [InlineData("interactiveMode: Always", "nobody is at one here")]
    [InlineData("interactiveMode: Sometimes", "neither Never, IfAvailable nor Always")]
    [InlineData("apiVersion: client.authentication.k8s.io/v1alpha1", "has given up")]
    public void Make_ProgramThatCannotServeHere_SaysWhy(string line, string expected)
    {
        var made = Make(Text("https://one.example", $"exec:\n      command: kubelogin\n      {line}"), new() { AllowExecPlugins = true });

        Assert.Contains(expected, made.Failure?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Make_ProgramByAPathFromAnUploadedKubeconfig_IsRefused() => Assert.Contains(
        "Give the whole path", Make(Text("https://one.example", "exec:\n      command: ./bin/login"), new() { AllowExecPlugins = true }).Failure?.Message, StringComparison.Ordinal);

    [Fact]
    public void Make_AllowedByTheConfiguration_TakesInsecureAndPrograms()
    {
        var options = new KubernetesOptions { AllowInsecure = true, AllowExecPlugins = true };

        using var insecure = Make(Text("https://one.example", Plain, more: "insecure-skip-tls-verify: true"), options).Value;
        using var program = Make(Text("https://one.example", "exec:\n      command: kubelogin"), options).Value;

        Assert.True(insecure.IsInsecure);
        Assert.IsType<ProgramToken>(program.Token);
    }

    [Fact]
    public void Make_KeyOfAnotherCertificate_IsRefused()
    {
        using var certificates = new TestCertificates();
        var ((certificate, _), (_, key)) = (certificates.Issue("CN=one"), certificates.Issue("CN=two"));
        var user = $"client-certificate-data: {Base64(certificate)}\n    client-key-data: {Base64(key)}";

        Assert.Contains("must be the certificate's", Make(Text("https://one.example", user)).Failure?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FileToken_ReplacedByTheCluster_IsReadAgainWithinAMinuteOrAfterARefusal()
    {
        var time = new ManualTime();
        var file = Path.GetTempFileName();
        using var token = new FileToken(file, time);
        await Assert.ThrowsAsync<ClusterException>(async () => await token.GetAsync(default));
        await File.WriteAllTextAsync(file, "one\n");
        Assert.Equal("one", (await token.GetAsync(default)).Token);
        await File.WriteAllTextAsync(file, "two");
        Assert.Equal("one", (await token.GetAsync(default)).Token);
        token.Forget();
        Assert.Equal("two", (await token.GetAsync(default)).Token);
        await File.WriteAllTextAsync(file, "three");
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal("three", (await token.GetAsync(default)).Token);
        File.Delete(file);
    }

    private static Result<ClusterAccess> Make(string text, KubernetesOptions? options = null) =>
        KubeconfigAccess.Make(Kubeconfig.Parse(text).Value.Choose("").Value, options ?? new(), TimeProvider.System);

    private static string Base64(string text) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text));

    private static string Text(string server, string user, string context = "main", string more = "") => $"""
        apiVersion: v1
        kind: Config
        current-context: {context}
        clusters:
        - name: one
          cluster:
            server: "{server}"
            {more}
        users:
        - name: me
          user:
            {user}
        contexts:
        - name: {context}
          context:
            cluster: one
            user: me
        """;
}
