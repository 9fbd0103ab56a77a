using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>A program that signs in.</summary>
internal sealed record KubeconfigExec(string ApiVersion, string Command, IReadOnlyList<string> Args, IReadOnlyList<(string Name, string Value)> Env)
{
    /// <summary>What the kubeconfig says to whoever lacks the program.</summary>
    public string? InstallHint { get; init; }

    /// <summary>What the program is told of the cluster; null for nothing.</summary>
    public JsonObject? Cluster { get; init; }
}

/// <summary>
/// What a program that a kubeconfig names gives to sign in with: a token, a certificate, or both (client.authentication.k8s.io). Each argument goes
/// to it as it is, through no shell, and nobody is at a terminal for it.
/// </summary>
internal sealed class ProgramToken(KubeconfigExec exec, TimeProvider time) : RenewedToken(time)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    // Used no more when it ends within this time.
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    protected override async Task<(ClusterCredential Credential, DateTimeOffset Until)> FetchAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(Longest, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return Read(JsonNode.Parse(await RunAsync(either.Token)));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException and not ClusterException)
        {
            throw Failed("gave no answer that can be read", exception);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw Failed("gave a certificate or key that cannot be read", exception);
        }
        catch (Exception exception) when (exception is Win32Exception or IOException)
        {
            throw Failed($"could not be run{(string.IsNullOrWhiteSpace(exec.InstallHint) ? "" : $". The kubeconfig says: {ProgramWords.Line(exec.InstallHint)}")}", exception);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Failed("did not end within a minute");
        }
    }

    private (ClusterCredential Credential, DateTimeOffset Until) Read(JsonNode? output)
    {
        if ((string?)output?["apiVersion"] is { Length: > 0 } version && version != exec.ApiVersion)
        {
            throw Failed($"speaks {ProgramWords.Line(version)}, and the kubeconfig says {exec.ApiVersion}");
        }

        var status = output?["status"];
        var (token, pem, key) = ((string?)status?["token"], (string?)status?["clientCertificateData"], (string?)status?["clientKeyData"]);
        if (string.IsNullOrEmpty(pem) != string.IsNullOrEmpty(key))
        {
            throw Failed("gave a certificate without its key, or a key without its certificate");
        }

        SslStreamCertificateContext? certificate = string.IsNullOrEmpty(pem) ? null : ClientCertificate.Read(pem, key!);
        if (string.IsNullOrEmpty(token) && certificate is null)
        {
            throw Failed("gave neither a token nor a certificate");
        }

        var until = DateTimeOffset.TryParse((string?)status?["expirationTimestamp"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var given) ? given - Before
            : certificate is null ? DateTimeOffset.MaxValue
            : new DateTimeOffset(certificate.TargetCertificate.NotAfter) - Before;
        return (new(string.IsNullOrEmpty(token) ? null : token, certificate), until);
    }

    private async Task<string> RunAsync(CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(exec.Command, exec.Args) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false };
        var spec = new JsonObject { ["interactive"] = false };
        if (exec.Cluster is not null)
        {
            spec["cluster"] = exec.Cluster.DeepClone();
        }

        start.Environment["KUBERNETES_EXEC_INFO"] = new JsonObject { ["apiVersion"] = exec.ApiVersion, ["kind"] = "ExecCredential", ["spec"] = spec }.ToJsonString();
        foreach (var (name, value) in exec.Env)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start) ?? throw Failed("could not be started");
        process.StandardInput.Close();
        try
        {
            var complaint = process.StandardError.ReadToEndAsync(cancellation);
            var output = await process.StandardOutput.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode == 0 ? output : throw Failed($"ended with {process.ExitCode}{ProgramWords.Of(await complaint, exec)}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private ClusterException Failed(string how, Exception? inner = null) => new(ClusterProblem.Unauthorized, $"The program {exec.Command} that signs in {how}.", inner);
}
