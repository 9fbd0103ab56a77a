using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Ops.Testing;

/// <summary>
/// A real S3 server for tests: the one that <c>OPS_TEST_S3_ENDPOINT</c> names (with <c>OPS_TEST_S3_ACCESS_KEY</c>, <c>_SECRET_KEY</c> and, if
/// buckets cannot be made, <c>_BUCKET</c>), else OpenStack Swift, unpacked from Debian's packages into <c>artifacts/swift</c> and started on loopback.
/// </summary>
internal sealed class S3Server : IDisposable
{
    private static readonly Lazy<Task<S3Server>> OfAll = new(() => Task.Run(StartSharedAsync));
    private readonly string? folder;
    private Process? process;

    private S3Server(Uri endpoint, string accessKey, string secretKey, string? folder)
    {
        Endpoint = endpoint;
        AccessKey = accessKey;
        SecretKey = secretKey;
        this.folder = folder;
    }

    /// <summary>Its address.</summary>
    public Uri Endpoint { get; }

    /// <summary>The id of a key that may do everything.</summary>
    public string AccessKey { get; }

    /// <summary>Its secret.</summary>
    public string SecretKey { get; }

    /// <summary>A bucket to use instead of making one, or null.</summary>
    public string? Bucket { get; private init; }

    /// <summary>Whether it is older than the checksums of newer S3 (<c>OPS_TEST_S3_LEGACY=1</c> says so of a given one).</summary>
    public bool WantsLegacySigning { get; private init; }

    /// <summary>The server that all tests of this process use.</summary>
    public static Task<S3Server> SharedAsync() => OfAll.Value;

    /// <summary>Starts one of its own, to be killed.</summary>
    public static async Task<S3Server> StartAsync()
    {
        var root = await UnpackAsync();
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        var server = new S3Server(new Uri($"http://127.0.0.1:{port}"), "test:test", "testing-secret", Directory.CreateTempSubdirectory("ops-s3-").FullName);
        await server.RunAsync(root);
        return server;
    }

    /// <summary>SIGKILL, in the middle of whatever it does.</summary>
    public async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    /// <summary>Starts it again at the same address over the same data.</summary>
    public async Task RestartAsync() => await RunAsync(await UnpackAsync());

    /// <inheritdoc/>
    public void Dispose()
    {
        process!.Kill();
        process.WaitForExit();
        process.Dispose();
        Directory.Delete(folder!, recursive: true);
    }

    private static async Task<S3Server> StartSharedAsync()
    {
        if (Environment.GetEnvironmentVariable("OPS_TEST_S3_ENDPOINT") is { Length: > 0 } given)
        {
            return new S3Server(new Uri(given), Variable("OPS_TEST_S3_ACCESS_KEY") ?? "", Variable("OPS_TEST_S3_SECRET_KEY") ?? "", null) { Bucket = Variable("OPS_TEST_S3_BUCKET"), WantsLegacySigning = Variable("OPS_TEST_S3_LEGACY") == "1" };
        }

        var server = await StartAsync();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.Dispose();
        return server;
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static async Task<string> UnpackAsync()
    {
        var repository = new DirectoryInfo(AppContext.BaseDirectory);
        while (repository is not null && !File.Exists(Path.Combine(repository.FullName, "Ops.sln")))
        {
            repository = repository.Parent;
        }

        var cache = Path.Combine(repository?.FullName ?? Path.GetTempPath(), "artifacts", "swift");
        if (!File.Exists(Path.Combine(cache, "ready")))
        {
            using var unpack = Start("/bin/bash", [Path.Combine(AppContext.BaseDirectory, "S3", "get-swift"), cache], null);
            unpack.StandardInput.Close();
            var output = unpack.StandardOutput.ReadToEndAsync();
            var errors = await unpack.StandardError.ReadToEndAsync();
            await unpack.WaitForExitAsync();
            if (unpack.ExitCode != 0)
            {
                throw new InvalidOperationException($"OpenStack Swift could not be unpacked: {await output}{errors}");
            }
        }

        return Path.Combine(cache, "root");
    }

    private async Task RunAsync(string root)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "S3", "serve-swift.py");
        process = Start("/usr/bin/python3", [script, folder!, Endpoint.Port.ToString(System.Globalization.CultureInfo.InvariantCulture)], root);
        var errors = process.StandardError.ReadToEndAsync();
        if (await process.StandardOutput.ReadLineAsync() != "ready")
        {
            throw new InvalidOperationException($"OpenStack Swift did not start: {await errors}");
        }
    }

    private static Process Start(string program, IEnumerable<string> arguments, string? root)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        if (root is not null)
        {
            start.Environment["PYTHONPATH"] = Path.Combine(root, "usr", "lib", "python3", "dist-packages");
            start.Environment["LD_LIBRARY_PATH"] = string.Join(':', Directory.GetDirectories(Path.Combine(root, "usr", "lib"), "*-linux-gnu"));
            start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        }

        return Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
    }
}
