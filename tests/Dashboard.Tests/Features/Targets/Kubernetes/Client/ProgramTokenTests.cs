using System.Text.Json.Nodes;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Testing;
using Ops.Testing.Kubernetes;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Client;

/// <summary>Programs that sign in: what is taken from them, how long it lasts, and what is said when they fail.</summary>
public sealed class ProgramTokenTests : IDisposable
{
    private const string Version = "client.authentication.k8s.io/v1";
    private readonly ManualTime time = new();
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ops-exec-");

    private string Count => Path.Combine(folder.FullName, "count");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Get_Program_GivesItsToken()
    {
        using var token = Program("""printf '{"apiVersion":"client.authentication.k8s.io/v1","status":{"token":"from-%s"}}' "$WHO" """, [("WHO", "program")]);

        Assert.Equal("from-program", (await token.GetAsync(default)).Token);
    }

    [Theory]
    [InlineData("echo nothing", "gave no answer that can be read")]
    [InlineData("echo '[1]'", "gave no answer that can be read")]
    [InlineData("echo '{}'", "gave neither a token nor a certificate")]
    [InlineData("""echo '{"status":{"clientCertificateData":"x"}}'""", "without its key")]
    [InlineData("""echo '{"status":{"clientCertificateData":"x","clientKeyData":"y"}}'""", "cannot be read")]
    [InlineData("""echo '{"apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"a"}}'""", "speaks client.authentication.k8s.io/v1beta1")]
    [InlineData("exit 3", "ended with 3.")]
    [InlineData("echo 'the session\tis over' >&2; echo 'log in again.' >&2; exit 1", "ended with 1 and wrote: the session is over log in again.")]
    public async Task Get_ProgramThatFails_SaysWhatItDid(string script, string expected)
    {
        using var token = Program(script);

        Assert.Contains(expected, (await Assert.ThrowsAsync<ClusterException>(async () => await token.GetAsync(default))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_ComplaintWithSecrets_HidesThem()
    {
        const string Jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl";
        using var token = new ProgramToken(
            new(Version, "/bin/sh", ["-c", $"echo \"cannot sign in with $PASS or $2, nor {Jwt}\" >&2; exit 1", "sh", "--client-secret", "hunter-22"], [("PASS", "correct-horse")]), time);

        var message = (await Assert.ThrowsAsync<ClusterException>(async () => await token.GetAsync(default))).Message;

        Assert.Contains("cannot sign in with *** or ***, nor ***", message, StringComparison.Ordinal);
        Assert.All((string[])["correct-horse", "hunter-22", "eyJ"], secret => Assert.DoesNotContain(secret, message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Get_LongComplaint_ShowsItsEnd()
    {
        using var token = Program("for i in $(seq 200); do echo line $i >&2; done; exit 1");

        var message = (await Assert.ThrowsAsync<ClusterException>(async () => await token.GetAsync(default))).Message;

        Assert.EndsWith("line 199 line 200.", message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 300, 400);
    }

    [Fact]
    public async Task Get_ProgramThatIsNotThere_SaysHowToInstallIt()
    {
        using var token = new ProgramToken(new(Version, "kubelogin-that-is-nowhere", [], []) { InstallHint = "Install it:\n  brew install kubelogin" }, time);

        var message = (await Assert.ThrowsAsync<ClusterException>(async () => await token.GetAsync(default))).Message;

        Assert.Contains("could not be run. The kubeconfig says: Install it: brew install kubelogin", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_TokenThatExpires_IsGotAnewBeforeItDoes()
    {
        var until = time.GetUtcNow().AddMinutes(10).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        using var token = Counting($$"""{"token":"t%s","expirationTimestamp":"{{until}}" }""");

        Assert.Equal("t1", (await token.GetAsync(default)).Token);
        time.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal("t1", (await token.GetAsync(default)).Token);
        time.Advance(TimeSpan.FromSeconds(31));

        Assert.Equal("t2", (await token.GetAsync(default)).Token);
    }

    [Fact]
    public async Task Get_TokenThatWasRefused_IsGotAnew()
    {
        using var token = Counting("""{"token":"t%s"}""");
        Assert.Equal("t1", (await token.GetAsync(default)).Token);
        time.Advance(TimeSpan.FromDays(30));
        Assert.Equal("t1", (await token.GetAsync(default)).Token);

        token.Forget();

        Assert.Equal("t2", (await token.GetAsync(default)).Token);
    }

    [Fact]
    public async Task Get_ProgramThatDoesNotEnd_IsEndedAfterAMinute()
    {
        using var token = Program($"echo $$ > {Count}; exec sleep 600");
        var asked = token.GetAsync(default).AsTask();
        await UntilAsync(() => File.Exists(Count) && File.ReadAllText(Count).EndsWith('\n'));
        var id = File.ReadAllText(Count).Trim();

        time.Advance(TimeSpan.FromSeconds(61));

        Assert.Contains("did not end within a minute", (await Assert.ThrowsAsync<ClusterException>(() => asked)).Message, StringComparison.Ordinal);
        await UntilAsync(() => !File.Exists($"/proc/{id}/cmdline") || !File.ReadAllText($"/proc/{id}/cmdline").Contains("sleep", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Get_Program_IsToldOfTheClusterWhenTheKubeconfigSaysSo_AndThatNobodyIsThere()
    {
        using var certificates = new TestCertificates();
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "ca.crt"), certificates.AuthorityPem);
        var info = Path.Combine(folder.FullName, "info");
        using var access = Make($$"""
            provideClusterInfo: true
                  interactiveMode: IfAvailable
                  command: /bin/sh
                  args: [-c, 'printf %s "$KUBERNETES_EXEC_INFO" > {{info}}; echo "{\"status\":{\"token\":\"t\"} }"']
            """);

        await access.Token!.GetAsync(default);

        var told = JsonNode.Parse(await File.ReadAllTextAsync(info))!;
        Assert.Equal((Version, "ExecCredential"), (told.Text("apiVersion"), told.Text("kind")));
        Assert.False((bool)told["spec"]!["interactive"]!);
        var cluster = told["spec"]!["cluster"]!;
        Assert.Equal(("https://one.example", "other.example", "http://proxy.example"), (cluster.Text("server"), cluster.Text("tls-server-name"), cluster.Text("proxy-url")));
        Assert.Equal(certificates.AuthorityPem, System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(cluster.Text("certificate-authority-data")!)));
        Assert.Equal("""{"audience":"a","count":3,"flags":[true,"yes"]}""", cluster["config"]!.ToJsonString());
    }

    [Fact]
    public async Task Get_CommandWithAPath_IsFoundFromTheFolderOfTheKubeconfig()
    {
        var bin = folder.CreateSubdirectory("bin");
        using var certificates = new TestCertificates();
        File.CreateSymbolicLink(Path.Combine(bin.FullName, "login"), "/bin/cat");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "ca.crt"), certificates.AuthorityPem);
        await File.WriteAllTextAsync(Count, """{"status":{"token":"from-bin"}}""");
        using var access = Make($$"""
            command: ./bin/login
                  args: ["{{Count}}"]
            """);

        Assert.Equal("from-bin", (await access.Token!.GetAsync(default)).Token);
    }

    private ClusterAccess Make(string exec)
    {
        var text = $$"""
            apiVersion: v1
            current-context: main
            clusters:
            - name: one
              cluster:
                server: https://one.example
                certificate-authority: ca.crt
                tls-server-name: other.example
                proxy-url: http://proxy.example
                extensions:
                - name: client.authentication.k8s.io/exec
                  extension: { audience: a, count: 3, flags: [true, "yes"] }
            users:
            - name: me
              user:
                exec:
                  {{exec}}
            contexts:
            - name: main
              context: { cluster: one, user: me }
            """;
        return KubeconfigAccess.Make(Kubeconfig.Join([(text, folder.FullName)]).Value.Choose("").Value, new() { AllowExecPlugins = true }, time).Value;
    }

    private ProgramToken Program(string script, IReadOnlyList<(string Name, string Value)>? env = null) => new(new(Version, "/bin/sh", ["-c", script], env ?? []), time);

    // Counts how often it was run.
    private ProgramToken Counting(string status) => Program($$"""echo x >> {{Count}}; printf '{"status":{{status}} }' "$(wc -l < {{Count}} | tr -d ' ')" """);

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var i = 0; i < 500 && !holds(); i++)
        {
            await Task.Delay(20);
        }

        Assert.True(holds());
    }
}
