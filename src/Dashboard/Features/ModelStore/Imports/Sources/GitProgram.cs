using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore.Imports.Guard;

namespace Ops.Dashboard.Features.ModelStore.Imports.Sources;

/// <summary>
/// Runs the git program on a repository that is not trusted. Nothing of the machine's or the person's settings applies; no hook, filter,
/// submodule, helper or prompt; one protocol; no redirect; the connection goes to the addresses that were checked. Nothing is ever checked out.
/// </summary>
internal sealed class GitProgram(AddressGuard guard, IOptions<ImportsOptions> options, TimeProvider time)
{
    private const int MaxErrorCharacters = 4000;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private static readonly string[] Always =
    [
        "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.symlinks=false", "-c", "credential.helper=", "-c", "submodule.recurse=false",
        "-c", "fetch.recurseSubmodules=false", "-c", "transfer.fsckObjects=true", "-c", "fetch.unpackLimit=1", "-c", "transfer.bundleURI=false", "-c", "gc.auto=0", "-c", "maintenance.auto=false",
        "-c", "http.followRedirects=false", "-c", "http.sslVerify=true", "-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=60", "-c", "pack.threads=1", "-c", "advice.detachedHead=false",
    ];

    /// <summary>Fetches one revision, without history, into a bare repository.</summary>
    /// <param name="folder">Where; made when it is not there.</param>
    /// <param name="address">Of the repository; checked here.</param>
    /// <param name="revision">A branch, tag or commit, checked by the caller; <c>HEAD</c> for the main line.</param>
    /// <param name="cancellation">Kills the program.</param>
    /// <returns>The commit.</returns>
    public async Task<string> FetchAsync(string folder, Uri address, string revision, CancellationToken cancellation)
    {
        guard.CheckScheme(address);
        var addresses = await guard.ResolveAsync(address.Host, address.Port, cancellation);
        await ReadAsync(folder, ["init", "--quiet", "--bare", "--template=", folder], cancellation);
        string[] pin = IPAddress.TryParse(address.Host.Trim('[', ']'), out _)
            ? []
            : ["-c", $"http.curloptResolve={address.Host}:{address.Port}:{string.Join(',', addresses.Select(Written))}"];
        await ReadAsync(folder, [.. pin, "fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--", address.AbsoluteUri, $"+{revision}:refs/ops/import"], cancellation, address.Scheme);
        return (await ReadAsync(folder, ["rev-parse", "--verify", "--quiet", "refs/ops/import^{commit}"], cancellation)).Trim();
    }

    /// <summary>Runs git and gives back what it printed.</summary>
    /// <param name="folder">The repository.</param>
    /// <param name="arguments">After the settings that always apply.</param>
    /// <param name="cancellation">Kills the program.</param>
    /// <param name="protocol">The one protocol it may speak.</param>
    /// <param name="input">Sent to its standard input.</param>
    /// <exception cref="ImportRefusedException">Git says that there is no such thing, or the repository is too large.</exception>
    /// <exception cref="ImportInterruptedException">It failed otherwise.</exception>
    public async Task<string> ReadAsync(string folder, IReadOnlyList<string> arguments, CancellationToken cancellation, string protocol = "https", string input = "")
    {
        using var process = Start(folder, arguments, protocol);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(options.Value.GitTime);
        var errors = ErrorsAsync(process);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var watch = WatchAsync(process, folder, limit.Token);
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), limit.Token);
            process.StandardInput.Close();
            var text = await output;
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode == 0 ? text : throw Explain(await errors, await watch);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new ImportRefusedException($"The repository could not be fetched within {options.Value.GitTime.TotalMinutes:0} minutes.", exception);
        }
        catch (IOException) when (!cancellation.IsCancellationRequested)
        {
            // It ended before it had read what it was told.
            throw Explain(await errors, await watch);
        }
        finally
        {
            Kill(process);
            await limit.CancelAsync();
        }
    }

    /// <summary>Opens the content of a file of the repository. Disposing the stream ends the program.</summary>
    public Stream OpenBlob(string folder, string id)
    {
        var process = Start(folder, ["cat-file", "blob", id], "none");
        process.StandardInput.Close();
        _ = ErrorsAsync(process);
        return new PatientStream(process.StandardOutput.BaseStream, new Ended(process), options.Value.Silence);
    }

    private static Process Start(string folder, IReadOnlyList<string> arguments, string protocol)
    {
        Directory.CreateDirectory(folder);
        var start = new ProcessStartInfo("git", [.. Always, .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = new UTF8Encoding(false),
        };
        var path = start.Environment["PATH"];
        start.Environment.Clear();
        start.Environment["PATH"] = path;
        start.Environment["HOME"] = folder;
        start.Environment["GIT_DIR"] = folder;
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        start.Environment["GIT_ALLOW_PROTOCOL"] = protocol;
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        start.Environment["GIT_ASKPASS"] = "/bin/false";
        start.Environment["GIT_LFS_SKIP_SMUDGE"] = "1";
        start.Environment["GIT_NO_REPLACE_OBJECTS"] = "1";
        start.Environment["LC_ALL"] = "C";
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new ImportRefusedException("The git program is not installed on the server, so git repositories cannot be imported.", exception);
        }
    }

    private static async Task<string> ErrorsAsync(Process process)
    {
        var kept = new StringBuilder();
        var buffer = new char[1024];
        try
        {
            for (int read; (read = await process.StandardError.ReadAsync(buffer)) > 0;)
            {
                kept.Append(buffer, 0, Math.Min(read, Math.Max(0, MaxErrorCharacters - kept.Length)));
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The program is gone.
        }

        return kept.ToString();
    }

    // Git knows no limit of what it fetches; the disk is what is to be protected.
    private async Task<bool> WatchAsync(Process process, string folder, CancellationToken cancellation)
    {
        try
        {
            while (!process.HasExited)
            {
                if (SizeOf(folder) > options.Value.MaxBytes)
                {
                    Kill(process);
                    return true;
                }

                await Task.Delay(LookEvery, time, cancellation);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or InvalidOperationException)
        {
            // Over, one way or another.
        }

        return false;
    }

    private static long SizeOf(string folder)
    {
        try
        {
            return new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Exists ? file.Length : 0);
        }
        catch (IOException)
        {
            // A file went while it was looked at.
            return 0;
        }
    }

    private Exception Explain(string errors, bool wasTooLarge)
    {
        var line = errors.Split('\n').LastOrDefault(l => l.StartsWith("fatal:", StringComparison.Ordinal) || l.StartsWith("error:", StringComparison.Ordinal)) ?? "git ended without a word";
        var plain = new string([.. line.Where(c => !char.IsControl(c)).Take(300)]);
        if (wasTooLarge)
        {
            return new ImportRefusedException(string.Create(CultureInfo.InvariantCulture, $"The repository has more than {options.Value.MaxBytes / (1024 * 1024)} MiB."));
        }

        var isFinal = plain.Contains("not found", StringComparison.OrdinalIgnoreCase) || plain.Contains("couldn't find remote ref", StringComparison.Ordinal) || plain.Contains("could not read Username", StringComparison.Ordinal)
            || plain.Contains("not allowed", StringComparison.Ordinal) || plain.Contains("redirect", StringComparison.Ordinal) || plain.Contains("Server does not allow request", StringComparison.Ordinal);
        return isFinal ? new ImportRefusedException($"The repository or its revision cannot be read: {plain}.") : new ImportInterruptedException($"The repository cannot be read right now: {plain}.");
    }

    private static string Written(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();

    private static void Kill(Process process)
    {
        try
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        catch (InvalidOperationException)
        {
            // It ended by itself.
        }
    }

    private sealed class Ended(Process process) : IDisposable
    {
        public void Dispose()
        {
            Kill(process);
            process.Dispose();
        }
    }
}
