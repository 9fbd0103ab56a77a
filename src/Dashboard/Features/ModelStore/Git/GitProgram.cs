using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Ops.Dashboard.Features.ModelStore.Git;

/// <summary>Runs the git program: arguments as a list, an environment of its own, bounded output and time. What it leaves running it ends.</summary>
internal sealed class GitProgram(string program)
{
    private const int MaxErrorChars = 16 * 1024;
    private const int MaxOutputBytes = 128 * 1024 * 1024;
    private static readonly Encoding Utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    // Everything else of the dashboard's environment is kept from git, its secrets above all.
    private static readonly string[] PassedOn =
        ["PATH", "TMPDIR", "TEMP", "TMP", "SystemRoot", "ComSpec", "PATHEXT", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"];

    /// <summary>Runs it to its end.</summary>
    /// <returns>What came of it, whatever the exit code.</returns>
    /// <exception cref="StoreUnavailableException">There is no such program, or it took too long.</exception>
    public async Task<GitOutcome> RunAsync(GitCall call, CancellationToken cancellation)
    {
        using var process = Start(call);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(call.Timeout);
        try
        {
            var error = ReadErrorAsync(process.StandardError, limit.Token);
            var output = call.OutputTo is { } target ? CopyAsync(process, target, limit.Token) : ReadAsync(process, limit.Token);
            await WriteAsync(process, call.Input, limit.Token);
            var text = await output;
            var problem = await error;
            await process.WaitForExitAsync(limit.Token);
            return new(process.ExitCode, text, problem);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new StoreUnavailableException(StoreProblem.Unreachable, $"git {call.Arguments[0]} took longer than {call.Timeout.TotalMinutes:0.#} minutes and was ended.");
        }
        finally
        {
            End(process);
        }
    }

    private Process Start(GitCall call)
    {
        var start = new ProcessStartInfo(program, call.Arguments)
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
            throw new StoreUnavailableException(StoreProblem.Refused, $"The program '{program}' cannot be started on the dashboard's machine: {exception.Message}. Install git there.", exception);
        }
    }

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
                throw new StoreUnavailableException(StoreProblem.Refused, "git said more than is reasonable and was ended.");
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
}

/// <summary>One run of git.</summary>
/// <param name="Folder">Where it runs.</param>
/// <param name="Arguments">Its arguments; never a secret, they can be seen by others on the machine.</param>
/// <param name="Environment">Its environment beside what it needs of the system's.</param>
/// <param name="Timeout">When it is ended.</param>
internal sealed record GitCall(string Folder, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, TimeSpan Timeout)
{
    /// <summary>What it reads on its standard input.</summary>
    public string? Input { get; init; }

    /// <summary>Where its standard output goes, instead of into <see cref="GitOutcome.Output"/>.</summary>
    public Stream? OutputTo { get; init; }
}

/// <summary>What came of a run of git.</summary>
/// <param name="ExitCode">0 is success.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Error">The end of its standard error.</param>
internal sealed record GitOutcome(int ExitCode, string Output, string Error);
