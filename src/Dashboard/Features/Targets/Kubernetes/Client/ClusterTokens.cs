using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>A token that stays as it is.</summary>
internal sealed class FixedToken(string token) : IClusterToken
{
    /// <inheritdoc/>
    public ValueTask<string> GetAsync(CancellationToken cancellation) => ValueTask.FromResult(token);

    /// <inheritdoc/>
    public void Forget()
    {
        // There is no other.
    }
}

/// <summary>A token that is got again after a while, one request for it at a time.</summary>
internal abstract class RenewedToken(TimeProvider time) : IClusterToken, IDisposable
{
    private readonly SemaphoreSlim gate = new(1);
    private string? token;
    private DateTimeOffset until;

    /// <summary>The clock.</summary>
    protected TimeProvider Time => time;

    /// <inheritdoc/>
    public async ValueTask<string> GetAsync(CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            if (token is null || time.GetUtcNow() >= until)
            {
                (token, until) = await FetchAsync(cancellation);
            }

            return token;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Forget() => until = DateTimeOffset.MinValue;

    /// <inheritdoc/>
    public void Dispose() => gate.Dispose();

    /// <summary>Gets it and says until when it is used.</summary>
    protected abstract Task<(string Token, DateTimeOffset Until)> FetchAsync(CancellationToken cancellation);
}

/// <summary>The token in a file that a cluster renews; read again each minute, as client-go does.</summary>
internal sealed class FileToken(string path, TimeProvider time) : RenewedToken(time)
{
    /// <inheritdoc/>
    protected override async Task<(string Token, DateTimeOffset Until)> FetchAsync(CancellationToken cancellation)
    {
        try
        {
            var text = (await File.ReadAllTextAsync(path, cancellation)).Trim();
            return text.Length > 0 ? (text, Time.GetUtcNow().AddMinutes(1)) : throw new ClusterException(ClusterProblem.Unauthorized, $"The token file {path} is empty.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ClusterException(ClusterProblem.Unauthorized, $"The token file {path} cannot be read.", exception);
        }
    }
}

/// <summary>A token from a program that a kubeconfig names (client.authentication.k8s.io). Each argument goes to it as it is, through no shell.</summary>
internal sealed class ProgramToken(KubeconfigExec exec, TimeProvider time) : RenewedToken(time)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    protected override async Task<(string Token, DateTimeOffset Until)> FetchAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Longest);
        try
        {
            var output = await RunAsync(limit.Token);
            var status = JsonNode.Parse(output)?["status"];
            var token = (string?)status?["token"] ?? throw Failed("gave no token");
            var until = DateTimeOffset.TryParse((string?)status!["expirationTimestamp"], null, out var given) ? given.AddSeconds(-30) : DateTimeOffset.MaxValue;
            return (token, until);
        }
        catch (Exception exception) when (exception is JsonException or Win32Exception or IOException or InvalidOperationException and not ClusterException)
        {
            throw Failed("could not be run, or gave no answer that can be read", exception);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Failed("did not end within a minute");
        }
    }

    private async Task<string> RunAsync(CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(exec.Command, exec.Args) { RedirectStandardOutput = true, RedirectStandardInput = true, UseShellExecute = false };
        start.Environment["KUBERNETES_EXEC_INFO"] =
            new JsonObject { ["apiVersion"] = exec.ApiVersion, ["kind"] = "ExecCredential", ["spec"] = new JsonObject { ["interactive"] = false } }.ToJsonString();
        foreach (var (name, value) in exec.Env)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start) ?? throw Failed("could not be started");
        process.StandardInput.Close();
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode == 0 ? output : throw Failed($"ended with {process.ExitCode}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private ClusterException Failed(string how, Exception? inner = null) => new(ClusterProblem.Unauthorized, $"The program {exec.Command} that fetches the token {how}.", inner);
}
