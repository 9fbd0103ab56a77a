using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace Ops.Integration.Tests.Features.ModelStore.Git;

/// <summary>Git's own server over HTTP (git http-backend), with a token, and faults when a test says so.</summary>
internal sealed class GitHttpServer : IAsyncDisposable
{
    public const string Token = "s3cret-token-of-the-test";

    private readonly WebApplication app;
    private readonly string folder;
    private int lostReplies;

    private GitHttpServer(WebApplication app, string folder) => (this.app, this.folder) = (app, folder);

    public Uri Address => new(new Uri(app.Urls.First()), "/models.git");

    /// <summary>Answers 503.</summary>
    public bool IsDown { get; set; }

    /// <summary>Lets pushes have one MiB of disk, and no more.</summary>
    public bool IsFull { get; set; }

    /// <summary>Where every request is sent on to.</summary>
    public Uri? RedirectTo { get; set; }

    /// <summary>Called with how much of a push has come, when that is at least <see cref="HoldAfter"/>; the push waits for it.</summary>
    public Func<long, Task>? OnPush { get; set; }

    public long HoldAfter { get; set; }

    public int Requests { get; private set; }

    /// <summary>Whether any request carried credentials.</summary>
    public bool SawCredentials { get; private set; }

    public static async Task<GitHttpServer> StartAsync(string folder)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(o => o.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        var server = new GitHttpServer(app, folder);
        app.Run(server.AnswerAsync);
        await app.StartAsync();
        return server;
    }

    /// <summary>Does the next push and breaks the connection instead of answering.</summary>
    public void LoseReply() => Interlocked.Exchange(ref lostReplies, 1);

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Requests++;
        var credentials = context.Request.Headers.Authorization.ToString();
        SawCredentials |= credentials.Length > 0;
        if (IsDown)
        {
            context.Response.StatusCode = 503;
            return;
        }

        if (RedirectTo is { } other)
        {
            context.Response.Redirect(new Uri(other, context.Request.Path + context.Request.QueryString).AbsoluteUri);
            return;
        }

        if (credentials != "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("ops:" + Token)))
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"git\"";
            return;
        }

        await RunAsync(context, isPush: context.Request.Path.Value!.EndsWith("/git-receive-pack", StringComparison.Ordinal));
    }

    private async Task RunAsync(HttpContext context, bool isPush)
    {
        context.Features.Get<IHttpMinRequestBodyDataRateFeature>()!.MinDataRate = null;
        using var backend = Process.Start(Backend(context.Request, isPush && IsFull))!;
        var errors = backend.StandardError.ReadToEndAsync();
        var output = new MemoryStream();
        var reading = backend.StandardOutput.BaseStream.CopyToAsync(output);
        try
        {
            await FeedAsync(context, backend, isPush);
        }
        catch (Exception exception) when (exception is IOException or BadHttpRequestException or OperationCanceledException)
        {
            // The client has gone in the middle of it: what the backend has by now is not whole.
            backend.Kill(entireProcessTree: true);
            throw;
        }

        await reading;
        await backend.WaitForExitAsync();
        await errors;
        if (isPush && Interlocked.Exchange(ref lostReplies, 0) == 1)
        {
            context.Abort();
            return;
        }

        await SendAsync(context.Response, output.ToArray());
    }

    private async Task FeedAsync(HttpContext context, Process backend, bool isPush)
    {
        var buffer = new byte[16 * 1024];
        var total = 0L;
        for (int read; (read = await context.Request.Body.ReadAsync(buffer)) > 0;)
        {
            total += read;
            if (isPush && OnPush is { } hold && total >= HoldAfter)
            {
                await hold(total);
            }

            await backend.StandardInput.BaseStream.WriteAsync(buffer.AsMemory(0, read));
        }

        backend.StandardInput.Close();
    }

    private ProcessStartInfo Backend(HttpRequest request, bool isFull)
    {
        // A small file system of its own over where objects are kept, which no other process sees. Only root needs no user namespace for it.
        string[] limited = [.. Environment.IsPrivilegedProcess ? Array.Empty<string>() : ["--map-root-user"], "--mount", "sh", "-c", "mount -t tmpfs -o size=1m none \"$GIT_PROJECT_ROOT/models.git/objects\" && exec git http-backend"];
        var start = new ProcessStartInfo(isFull ? "unshare" : "git", isFull ? limited : ["http-backend"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        var environment = start.Environment;
        environment["GIT_PROJECT_ROOT"] = folder;
        environment["GIT_HTTP_EXPORT_ALL"] = "1";
        environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        environment["PATH_INFO"] = request.Path.Value;
        environment["QUERY_STRING"] = request.QueryString.Value!.TrimStart('?');
        environment["REQUEST_METHOD"] = request.Method;
        environment["CONTENT_TYPE"] = request.ContentType ?? "";
        environment["REMOTE_USER"] = "ops";
        environment["REMOTE_ADDR"] = "127.0.0.1";
        if (request.ContentLength is { } length)
        {
            environment["CONTENT_LENGTH"] = length.ToString(CultureInfo.InvariantCulture);
        }

        if (request.Headers.ContentEncoding.Count > 0)
        {
            environment["HTTP_CONTENT_ENCODING"] = request.Headers.ContentEncoding.ToString();
        }

        if (request.Headers["Git-Protocol"].Count > 0)
        {
            environment["GIT_PROTOCOL"] = request.Headers["Git-Protocol"].ToString();
        }

        return start;
    }

    private static async Task SendAsync(HttpResponse response, byte[] answer)
    {
        var end = answer.AsSpan().IndexOf("\r\n\r\n"u8);
        foreach (var line in Encoding.ASCII.GetString(answer, 0, Math.Max(end, 0)).Split("\r\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var (name, value) = (line[..colon], line[(colon + 1)..].Trim());
            if (name == "Status")
            {
                response.StatusCode = int.Parse(value[..3], CultureInfo.InvariantCulture);
            }
            else
            {
                response.Headers[name] = value;
            }
        }

        await response.Body.WriteAsync(answer.AsMemory(end + 4));
    }
}
