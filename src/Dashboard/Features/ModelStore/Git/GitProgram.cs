using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Features.ModelStore.Git;

/// <summary>
/// Runs the git program, for git stores and for imports: arguments as a list, an environment of its own, bounded output, time and disk.
/// What it leaves running it ends.
/// </summary>
internal sealed class GitProgram(IOptions<GitOptions> options, TimeProvider time)
{
    private const int MaxErrorChars = 16 * 1024;
    private const int MaxOutputBytes = 128 * 1024 * 1024;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private static readonly Encoding Utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    // The first that can be told which address a name has; older ones would ask again. Settings from variables came with 2.31.
    private static readonly Version Oldest = new(2, 37);

    // Everything else of the dashboard's environment is kept from git, its secrets above all.
    private static readonly string[] PassedOn = ["PATH", "TMPDIR", "TEMP", "TMP", "SystemRoot", "ComSpec", "PATHEXT", "SSL_CERT_FILE", "SSL_CERT_DIR"];

    /// <summary>Its version, such as <c>2.39.5</c>.</summary>
    /// <exception cref="GitRunException">There is no such program, or it is too old.</exception>
    public async Task<string> VersionAsync(CancellationToken cancellation)
    {
        var nowhere = Path.GetTempPath();
        var outcome = await RunAsync(new(nowhere, ["version"], GitConfinement.Variables(nowhere, nowhere, "none", []), TimeSpan.FromMinutes(1)), cancellation);
        var number = outcome.Output.Split(' ').ElementAtOrDefault(2)?.Trim() ?? "";
        return Version.TryParse(string.Join('.', number.Split('.').Take(2)), out var version) && version >= Oldest
            ? number
            : throw new GitRunException(GitFault.Missing, $"git {Oldest} or newer is needed on the dashboard's machine.");
    }

    /// <summary>Runs it to its end.</summary>
    /// <returns>What came of it, whatever the exit code.</returns>
    /// <exception cref="GitRunException">There is no such program, or it went beyond a limit.</exception>
    public async Task<GitOutcome> RunAsync(GitCall call, CancellationToken cancellation)
    {
        using var process = Start(call);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(call.Timeout);
        var watch = WatchAsync(process, call, limit.Token);
        try
        {
            var error = ReadErrorAsync(process.StandardError, limit.Token);
            var output = call.OutputTo is { } target ? CopyAsync(process, target, limit.Token) : ReadAsync(process, limit.Token);
            await WriteAsync(process, call.Input, limit.Token);
            var text = await output;
            var problem = await error;
            await process.WaitForExitAsync(limit.Token);
            return IsTooLarge(call) ? throw TooLarge(call) : new(process.ExitCode, text, problem);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new GitRunException(GitFault.TooSlow, $"git {call.Arguments[0]} took longer than {call.Timeout.TotalMinutes:0.#} minutes and was ended.");
        }
        finally
        {
            End(process);
            await limit.CancelAsync();
            await watch;
        }
    }

    /// <summary>Starts it and lets its output be read as it comes. How long that may take is up to the reader.</summary>
    /// <exception cref="GitRunException">There is no such program.</exception>
    public GitReading Open(GitCall call)
    {
        var process = Start(call);
        process.StandardInput.Close();
        _ = ReadErrorAsync(process.StandardError, CancellationToken.None).ContinueWith(said => said.Exception, TaskScheduler.Default);
        return new(process.StandardOutput.BaseStream, () =>
        {
            End(process);
            process.Dispose();
        });
    }

    private static GitRunException TooLarge(GitCall call) => new(GitFault.TooLarge, $"git {call.Arguments[0]} filled more than {call.LargestFolderBytes / (1024 * 1024)} MiB.");

    private static async Task WriteAsync(Process process, string? input, CancellationToken cancellation)
    {
        try
        {
            if (input is not null)
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), cancellation);
            }

            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended without reading all of it; its exit code and last words say why.
        }
    }

    private static async Task<string> CopyAsync(Process process, Stream target, CancellationToken cancellation)
    {
        await process.StandardOutput.BaseStream.CopyToAsync(target, cancellation);
        return "";
    }

    private static async Task<string> ReadAsync(Process process, CancellationToken cancellation)
    {
        using var all = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (int read; (read = await process.StandardOutput.BaseStream.ReadAsync(buffer, cancellation)) > 0;)
        {
            if (all.Length + read > MaxOutputBytes)
            {
                throw new GitRunException(GitFault.TooTalkative, "git said more than is reasonable and was ended.");
            }

            all.Write(buffer, 0, read);
        }

        return Utf8.GetString(all.GetBuffer(), 0, (int)all.Length);
    }

    // A remote can say as much as it likes on standard error; only the end of it is of use.
    private static async Task<string> ReadErrorAsync(StreamReader reader, CancellationToken cancellation)
    {
        var last = new StringBuilder();
        var buffer = new char[4096];
        for (int read; (read = await reader.ReadAsync(buffer, cancellation)) > 0;)
        {
            last.Append(buffer, 0, read);
            if (last.Length > 2 * MaxErrorChars)
            {
                last.Remove(0, last.Length - MaxErrorChars);
            }
        }

        return last.ToString();
    }

    private static bool IsTooLarge(GitCall call)
    {
        try
        {
            return call.LargestFolderBytes is { } largest
                && new DirectoryInfo(call.Folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Exists ? file.Length : 0) > largest;
        }
        catch (IOException)
        {
            // A file went while it was looked at; the next look sees the rest.
            return false;
        }
    }

    private static void End(Process process)
    {
        try
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It ended by itself meanwhile.
        }
    }

    // Git knows no limit of what it fetches; the disk is what is to be protected.
    private async Task WatchAsync(Process process, GitCall call, CancellationToken cancellation)
    {
        try
        {
            while (call.LargestFolderBytes is not null && !process.HasExited)
            {
                if (IsTooLarge(call))
                {
                    End(process);
                    return;
                }

                await Task.Delay(LookEvery, time, cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            // Over, one way or another.
        }
    }

    private Process Start(GitCall call)
    {
        var start = new ProcessStartInfo(options.Value.Program, call.Arguments)
        {
            WorkingDirectory = call.Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = Utf8,
            StandardErrorEncoding = Utf8,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        start.Environment.Clear();
        foreach (var name in PassedOn)
        {
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
            {
                start.Environment[name] = value;
            }
        }

        foreach (var (name, value) in call.Environment)
        {
            start.Environment[name] = value;
        }

        try
        {
            return Process.Start(start) ?? throw new IOException("The system started no process.");
        }
        catch (Win32Exception exception)
        {
            throw new GitRunException(GitFault.Missing, $"The program '{options.Value.Program}' cannot be started on the dashboard's machine: {exception.Message}. Install git there.", exception);
        }
    }
}
