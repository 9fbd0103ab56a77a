using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ops.Integration.Tests.Features.ModelStore;

/// <summary>Somebody else's server: files with ranges and tags, which a test can make break off, stand still or change.</summary>
internal sealed class OriginServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, OriginFile> files = new(StringComparer.Ordinal);

    private OriginServer(WebApplication app) => this.app = app;

    /// <summary>What was asked, in order: method, path and the Range header.</summary>
    public ConcurrentQueue<(string Method, string Path, string Range)> Requests { get; } = [];

    /// <summary>Answers before the files do, when it returns true.</summary>
    public Func<HttpContext, Task<bool>>? Intercept { get; set; }

    public Uri Address => new(app.Urls.First());

    /// <summary>Its name as an administrator would allow it.</summary>
    public string Host => $"{Address.Host}:{Address.Port}";

    public static async Task<OriginServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var server = new OriginServer(app);
        app.Run(server.AnswerAsync);
        await app.StartAsync();
        return server;
    }

    public OriginFile Put(string path, byte[] content)
    {
        var file = new OriginFile(content) { ETag = $"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..16]}\"" };
        files[path] = file;
        return file;
    }

    public string UrlOf(string path) => new Uri(Address, path).AbsoluteUri;

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        Requests.Enqueue((http.Request.Method, http.Request.Path.Value! + http.Request.QueryString, http.Request.Headers.Range.ToString()));
        if (Intercept is { } intercept && await intercept(http))
        {
            return;
        }

        if (!files.TryGetValue(http.Request.Path.Value!, out var file))
        {
            http.Response.StatusCode = 404;
            return;
        }

        var from = 0L;
        var ifRange = http.Request.Headers.IfRange.ToString();
        if (file.KnowsRanges && http.Request.Headers.Range.ToString() is { Length: > 6 } range && (ifRange.Length == 0 || ifRange == file.ETag))
        {
            from = long.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture);
            http.Response.StatusCode = 206;
            http.Response.Headers.ContentRange = $"bytes {from}-{file.Content.Length - 1}/{file.Content.Length}";
        }

        if (file.ETag is not null)
        {
            http.Response.Headers.ETag = file.ETag;
        }

        foreach (var (name, value) in file.Headers)
        {
            http.Response.Headers[name] = value;
        }

        http.Response.ContentLength = file.SaysLength ? file.Content.Length - from : null;
        await SendAsync(http, file, from);
    }

    private static async Task SendAsync(HttpContext http, OriginFile file, long from)
    {
        // The look at the head of the file counts as a reading too; faults are for those that want its bytes.
        for (var at = from; at < file.Content.Length && !http.RequestAborted.IsCancellationRequested;)
        {
            if (file.BreakAt is { } end && at >= end && (file.Breaks > 0 || file.Breaks == -1))
            {
                // A connection that breaks takes with it what was not read yet.
                await file.BeforeBreak();
                if (!http.RequestAborted.IsCancellationRequested)
                {
                    file.Breaks = file.Breaks == -1 ? -1 : file.Breaks - 1;
                    http.Abort();
                }

                return;
            }

            if (file.StandAt is { } stand && at >= stand)
            {
                file.Stands.TrySetResult();
                await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                return;
            }

            var limits = new[] { 64 * 1024, file.Content.Length - at, file.BreakAt is { } b && b > at ? b - at : long.MaxValue, file.StandAt is { } s && s > at ? s - at : long.MaxValue };
            var count = (int)limits.Min();
            await http.Response.Body.WriteAsync(file.Content.AsMemory((int)at, count));
            at += count;
        }
    }
}

/// <summary>One file of an <see cref="OriginServer"/>.</summary>
internal sealed class OriginFile(byte[] content)
{
    public byte[] Content { get; set; } = content;

    public string? ETag { get; set; }

    public bool KnowsRanges { get; set; } = true;

    public bool SaysLength { get; set; } = true;

    public Dictionary<string, string> Headers { get; } = [];

    /// <summary>The byte at which the connection breaks, <see cref="Breaks"/> times (-1: always).</summary>
    public long? BreakAt { get; set; }

    public int Breaks { get; set; }

    /// <summary>Waited for before the connection breaks.</summary>
    public Func<Task> BeforeBreak { get; set; } = () => Task.CompletedTask;

    /// <summary>The byte after which nothing more comes.</summary>
    public long? StandAt { get; set; }

    public TaskCompletionSource Stands { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>A git repository behind git's own server program, for an <see cref="OriginServer"/>.</summary>
internal sealed class GitOrigin(string root)
{
    /// <summary>Runs git in a folder.</summary>
    public static string Git(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("git", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in new[] { ("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_AUTHOR_NAME", "t"), ("GIT_AUTHOR_EMAIL", "t@t"), ("GIT_COMMITTER_NAME", "t"), ("GIT_COMMITTER_EMAIL", "t@t") })
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors);
        return output.Trim();
    }

    /// <summary>Answers what is below <c>/git/</c> by <c>git http-backend</c>, a CGI program.</summary>
    public async Task<bool> AnswerAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        if (!path.StartsWith("/git/", StringComparison.Ordinal) || path.Contains("/info/lfs/", StringComparison.Ordinal))
        {
            return false;
        }

        var start = new ProcessStartInfo("git", ["http-backend"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in new[]
        {
            ("GIT_PROJECT_ROOT", root), ("GIT_HTTP_EXPORT_ALL", "1"), ("PATH_INFO", path["/git".Length..]), ("QUERY_STRING", http.Request.QueryString.Value!.TrimStart('?')),
            ("REQUEST_METHOD", http.Request.Method), ("CONTENT_TYPE", http.Request.ContentType ?? ""), ("HTTP_CONTENT_ENCODING", http.Request.Headers.ContentEncoding.ToString()),
            ("GIT_PROTOCOL", http.Request.Headers["Git-Protocol"].ToString()), ("REMOTE_ADDR", "127.0.0.1"), ("GIT_CONFIG_GLOBAL", "/dev/null"),
        })
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        _ = process.StandardError.ReadToEndAsync();
        await http.Request.Body.CopyToAsync(process.StandardInput.BaseStream);
        process.StandardInput.Close();
        using var output = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(output);
        var bytes = output.ToArray();
        var end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        foreach (var line in Encoding.ASCII.GetString(bytes, 0, end).Split("\r\n"))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (line.StartsWith("Status:", StringComparison.Ordinal))
            {
                http.Response.StatusCode = int.Parse(line[8..11], CultureInfo.InvariantCulture);
            }
            else
            {
                http.Response.Headers[line[..colon]] = line[(colon + 1)..].Trim();
            }
        }

        await http.Response.Body.WriteAsync(bytes.AsMemory(end + 4));
        return true;
    }
}
