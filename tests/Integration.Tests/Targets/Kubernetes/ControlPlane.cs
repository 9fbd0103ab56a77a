using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>A real control plane on loopback from the binaries in a folder, as envtest has them: etcd, kube-apiserver and, where they are there, kube-controller-manager and kube-scheduler. Everything ends with this process.</summary>
internal sealed class ControlPlane : IAsyncDisposable
{
    private readonly TestCertificates certificates = new();
    private readonly List<Process> processes = [];
    private readonly string folder = Directory.CreateTempSubdirectory("ops-kube-").FullName;
    private readonly string binaries;

    private ControlPlane(string binaries) => this.binaries = binaries;

    /// <summary>A kubeconfig of an administrator.</summary>
    public string KubeConfig { get; private set; } = "";

    /// <summary>Whether deployments become pods and pods are placed.</summary>
    public bool HasControllers => File.Exists(Path.Combine(binaries, "kube-controller-manager")) && File.Exists(Path.Combine(binaries, "kube-scheduler"));

    /// <summary>Starts one and waits until it is ready.</summary>
    public static async Task<ControlPlane> StartAsync(string binaries)
    {
        var plane = new ControlPlane(binaries);
        try
        {
            await plane.StartAsync();
            return plane;
        }
        catch
        {
            await plane.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(processes))
        {
            process.StandardInput.Close();
        }

        foreach (var process in processes)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            await process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            process.Dispose();
        }

        certificates.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task StartAsync()
    {
        var (etcd, peer, api) = (FreePort(), FreePort(), FreePort());
        var (certificate, key) = certificates.Issue("CN=kube-apiserver", server: true);
        using var accounts = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Write("ca.crt", certificates.AuthorityPem);
        Write("api.crt", certificate);
        Write("api.key", key);
        Write("accounts.key", accounts.ExportPkcs8PrivateKeyPem());
        Write("accounts.pub", accounts.ExportSubjectPublicKeyInfoPem());
        KubeConfig = KubeConfigFor("CN=admin,O=system:masters", api);
        Write("admin.conf", KubeConfig);
        Start("etcd", "--data-dir", In("etcd"), "--unsafe-no-fsync", "--listen-client-urls", $"http://127.0.0.1:{etcd}", "--advertise-client-urls", $"http://127.0.0.1:{etcd}", "--listen-peer-urls", $"http://127.0.0.1:{peer}");
        Start("kube-apiserver", $"--etcd-servers=http://127.0.0.1:{etcd}", "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", $"--secure-port={api}", $"--tls-cert-file={In("api.crt")}", $"--tls-private-key-file={In("api.key")}",
            $"--client-ca-file={In("ca.crt")}", "--service-account-issuer=https://kubernetes.default.svc", $"--service-account-key-file={In("accounts.pub")}", $"--service-account-signing-key-file={In("accounts.key")}",
            "--authorization-mode=RBAC", "--service-cluster-ip-range=10.0.0.0/24", "--allow-privileged=true", "--endpoint-reconciler-type=none", "--event-ttl=1h", "--etcd-compaction-interval=5s");
        using var client = ClusterConnection.Client(KubeConfig);
        await UntilAsync(async () =>
        {
            using var reply = await client.GetAsync(new Uri("/readyz", UriKind.Relative));
            return reply.IsSuccessStatusCode;
        });
        if (HasControllers)
        {
            Start("kube-controller-manager", $"--kubeconfig={In("admin.conf")}", $"--service-account-private-key-file={In("accounts.key")}", $"--root-ca-file={In("ca.crt")}", "--leader-elect=false", "--secure-port=0", "--node-monitor-grace-period=2h", "--concurrent-deployment-syncs=5");
            Start("kube-scheduler", $"--kubeconfig={In("admin.conf")}", "--leader-elect=false", "--secure-port=0");
            await UntilAsync(async () =>
            {
                using var reply = await client.GetAsync(new Uri("/api/v1/namespaces/default/serviceaccounts/default", UriKind.Relative));
                return reply.IsSuccessStatusCode;
            });
        }
    }

    private string KubeConfigFor(string subject, int port)
    {
        static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
        var (certificate, key) = certificates.Issue(subject);
        return $$$"""
            {"apiVersion":"v1","kind":"Config","current-context":"test",
             "clusters":[{"name":"test","cluster":{"server":"https://127.0.0.1:{{{port}}}","certificate-authority-data":"{{{Base64(certificates.AuthorityPem)}}}"}}],
             "users":[{"name":"admin","user":{"client-certificate-data":"{{{Base64(certificate)}}}","client-key-data":"{{{Base64(key)}}}"}}],
             "contexts":[{"name":"test","context":{"cluster":"test","user":"admin","namespace":"default"}}]}
            """;
    }

    /// <summary>Runs a program under a shell that stops it when its input ends: that also happens when this process is killed.</summary>
    private void Start(string program, params string[] arguments)
    {
        const string Script = """
            log=$1; shift
            "$@" </dev/null >"$log" 2>&1 &
            child=$!
            cat >/dev/null
            kill -TERM $child 2>/dev/null
            for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 $child 2>/dev/null || break; sleep 0.2; done
            kill -KILL $child 2>/dev/null
            wait
            """;
        var start = new ProcessStartInfo("/bin/sh", ["-c", Script, "sh", In(program + ".log"), Path.Combine(binaries, program), .. arguments]) { RedirectStandardInput = true, WorkingDirectory = folder };
        processes.Add(Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start."));
    }

    private async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                if (await condition())
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            if (attempt >= 600)
            {
                var logs = Directory.GetFiles(folder, "*.log").Select(l => $"{Path.GetFileName(l)}:\n{string.Join('\n', File.ReadLines(l).TakeLast(15))}");
                throw new InvalidOperationException($"The control plane did not start.\n{string.Join('\n', logs)}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }
    }

    private string In(string name) => Path.Combine(folder, name);

    private void Write(string name, string text) => File.WriteAllText(In(name), text);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
