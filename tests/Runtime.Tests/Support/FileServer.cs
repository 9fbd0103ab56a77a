using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Ops.Runtime.Tests.Support;

/// <summary>A model store over HTTP that knows parts of files. The first requests may be answered by habits of bad ones.</summary>
internal sealed class FileServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<string> ranges = new();

    private FileServer(WebApplication app) => this.app = app;

    /// <summary>Answers a request in its own way.</summary>
    public delegate Task Habit(HttpContext context, byte[] content);

    /// <summary>Where the file is. The query stands for a signature, which nobody may learn.</summary>
    public string Url => app.Urls.First() + "/file?signature=geheim";

    /// <summary>Which part each request wanted, in order; empty for the whole.</summary>
    public IReadOnlyList<string> Ranges => [.. ranges];

    public static Task<FileServer> StartAsync(byte[] content, params Habit[] habits) => StartAsync(content, null, habits);

    /// <summary>Starts one that speaks TLS with this certificate and its key, in PEM.</summary>
    public static async Task<FileServer> StartAsync(byte[] content, (string Certificate, string Key)? tls, params Habit[] habits)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        if (tls is { } pem)
        {
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(X509Certificate2.CreateFromPem(pem.Certificate, pem.Key))));
        }

        builder.Services.AddRoutingCore();
        var app = builder.Build();
        var server = new FileServer(app);
        if (tls is null)
        {
            app.Urls.Add("http://127.0.0.1:0");
        }

        var asked = 0;
        app.MapGet("/file", context =>
        {
            server.ranges.Enqueue(context.Request.Headers.Range.ToString());
            var number = Interlocked.Increment(ref asked) - 1;
            return (number < habits.Length ? habits[number] : Honest)(context, content);
        });
        await app.StartAsync();
        return server;
    }

    /// <summary>The whole, or the part that was wanted.</summary>
    public static async Task Honest(HttpContext context, byte[] content)
    {
        var from = Begin(context, content);
        await context.Response.Body.WriteAsync(content.AsMemory(from));
    }

    /// <summary>The whole, whatever was wanted.</summary>
    public static Task KnowsNoParts(HttpContext context, byte[] content) => context.Response.Body.WriteAsync(content).AsTask();

    public static Task Redirects(HttpContext context, byte[] content)
    {
        context.Response.Redirect("/file");
        return Task.CompletedTask;
    }

    public static async Task NeverEnds(HttpContext context, byte[] content)
    {
        while (!context.RequestAborted.IsCancellationRequested)
        {
            await context.Response.Body.WriteAsync(content);
        }
    }

    /// <summary>Promises the rest and sends some of it. The server then closes the connection, and not in a way that takes back what was sent.</summary>
    public static Habit Cuts(int after) => async (context, content) =>
    {
        var from = Begin(context, content);
        await context.Response.Body.WriteAsync(content.AsMemory(from, after));
    };

    /// <summary>Sends some and then nothing, until the other side goes.</summary>
    public static Habit Stalls(int after) => async (context, content) =>
    {
        var from = Begin(context, content);
        await context.Response.Body.WriteAsync(content.AsMemory(from, after));
        await context.Response.Body.FlushAsync();
        await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
    };

    public static Habit Answers(int status, string? retryAfter = null) => (context, _) =>
    {
        context.Response.StatusCode = status;
        context.Response.Headers.RetryAfter = retryAfter;
        return Task.CompletedTask;
    };

    /// <summary>Sends something else, honestly.</summary>
    public static Habit Sends(byte[] other) => (context, _) => Honest(context, other);

    /// <summary>Answers a request for a part with another part than was wanted.</summary>
    public static async Task SendsAnotherPart(HttpContext context, byte[] content)
    {
        context.Response.StatusCode = StatusCodes.Status206PartialContent;
        context.Response.Headers.ContentRange = $"bytes 0-9/{content.Length}";
        await context.Response.Body.WriteAsync(content.AsMemory(0, 10));
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private static int Begin(HttpContext context, byte[] content)
    {
        var range = context.Request.GetTypedHeaders().Range?.Ranges.Single();
        var from = (int)(range?.From ?? 0);
        if (range is not null)
        {
            context.Response.StatusCode = StatusCodes.Status206PartialContent;
            context.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{content.Length - 1}/{content.Length}");
        }

        context.Response.ContentLength = content.Length - from;
        return from;
    }
}
