using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>Stands on loopback between a dashboard and the API of whatever cluster the tests have, and does to requests and watches what networks and servers do.</summary>
internal sealed partial class FaultyApi : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly List<Rule> rules = [];
    private readonly ConcurrentDictionary<CancellationTokenSource, bool> watches = new();
    private readonly HttpClient upstream;
    private readonly WebApplication app;
    private volatile Func<WatchedEvent, IEnumerable<string>>? tamper;
    private int struck;

    private FaultyApi(string kubeConfig)
    {
        upstream = ClusterConnection.Client(kubeConfig);
        upstream.Timeout = Timeout.InfiniteTimeSpan;
        app = Build();
    }

    /// <summary>A kubeconfig that leads through here.</summary>
    public string KubeConfig { get; private set; } = "";

    /// <summary>Every connection breaks at once, as with a server that is not there.</summary>
    public bool IsDown { get; set; }

    /// <summary>Answers what is sent to a pod through the API, by the pod's name and with the path that the pod is asked for: nothing runs on hollow nodes. Null to leave it to the API.</summary>
    public Func<string, HttpContext, Task>? Pods { get; set; }

    /// <summary>How many requests and events met a fault.</summary>
    public int Struck => struck;

    /// <summary>Every request that came through, oldest first.</summary>
    public ConcurrentQueue<ApiCall> Calls { get; } = [];

    /// <summary>Starts one.</summary>
    /// <param name="kubeConfig">The way to the real API.</param>
    public static async Task<FaultyApi> StartAsync(string kubeConfig)
    {
        var api = new FaultyApi(kubeConfig);
        await api.app.StartAsync();
        api.KubeConfig = $$$"""
            {"apiVersion":"v1","kind":"Config","current-context":"test","clusters":[{"name":"test","cluster":{"server":"{{{api.app.Urls.First()}}}"}}],
             "users":[{"name":"test","user":{"token":"unread"}}],"contexts":[{"name":"test","context":{"cluster":"test","user":"test"}}]}
            """;
        return api;
    }

    /// <summary>Lets the next requests of a kind fail.</summary>
    public void Next(int times, ApiFault fault, Func<ApiCall, bool>? matches = null) => Add(new(matches ?? (_ => true), fault, null, times));

    /// <summary>Answers the next requests of a kind with a status.</summary>
    /// <param name="times">How many.</param>
    /// <param name="status">The status.</param>
    /// <param name="matches">Which; null for all.</param>
    public void Answer(int times, ApiStatus status, Func<ApiCall, bool>? matches = null) => Add(new(matches ?? (_ => true), ApiFault.Answer, status, times));

    /// <summary>Breaks every watch that is open.</summary>
    public void DropWatches()
    {
        foreach (var watch in watches.Keys)
        {
            try
            {
                watch.Cancel();
                Strike();
            }
            catch (ObjectDisposedException)
            {
                // It has just ended by itself.
            }
        }
    }

    /// <summary>Changes what watches deliver; null for as it comes.</summary>
    public void Tamper(Func<WatchedEvent, IEnumerable<string>>? with) => tamper = with;

    /// <summary>Keeps every deletion from the watches.</summary>
    public void OmitDeletes() => Tamper(e => e.Type == "DELETED" ? Tampered([]) : [e.Line]);

    /// <summary>Delivers every event twice, and an older state of the same object after it.</summary>
    public void RepeatAndReplay() => Tamper(e => Tampered(e.Before is { } before ? [e.Line, before, e.Line, before, e.Line] : [e.Line, e.Line]));

    /// <summary>Ends every fault.</summary>
    public void Heal()
    {
        lock (gate)
        {
            rules.Clear();
        }

        (tamper, IsDown) = (null, false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        DropWatches();
        using var atOnce = new CancellationTokenSource(TimeSpan.Zero);
        await app.StopAsync(atOnce.Token);
        await app.DisposeAsync();
        upstream.Dispose();
    }

    private string[] Tampered(string[] lines)
    {
        Strike();
        return lines;
    }

    private void Strike() => Interlocked.Increment(ref struck);

    private void Add(Rule rule)
    {
        lock (gate)
        {
            rules.Add(rule);
        }
    }

    private Rule? Take(ApiCall call)
    {
        lock (gate)
        {
            if (rules.Find(r => r.Matches(call)) is not { } rule)
            {
                return null;
            }

            rule.Left--;
            if (rule.Left <= 0)
            {
                rules.Remove(rule);
            }

            Strike();
            return rule;
        }
    }

    private WebApplication Build()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var built = builder.Build();
        built.Run(HandleAsync);
        return built;
    }

    private async Task HandleAsync(HttpContext context)
    {
        var call = new ApiCall(context.Request.Method, context.Features.Get<IHttpRequestFeature>()!.RawTarget);
        Calls.Enqueue(call);
        if (IsDown)
        {
            Strike();
            context.Abort();
            return;
        }

        if (Pods is { } pods && PodProxy().Match(context.Request.Path) is { Success: true } asked)
        {
            context.Request.Path = asked.Groups["path"].Value;
            await pods(asked.Groups["pod"].Value, context);
            return;
        }

        var rule = Take(call);
        switch (rule?.Fault)
        {
            case ApiFault.Break:
                context.Abort();
                return;
            case ApiFault.Hang:
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return;
            case ApiFault.Answer:
                await AnswerAsync(context, rule.Status!);
                return;
            default:
                await ForwardAsync(context, call, rule?.Fault == ApiFault.LoseReply);
                return;
        }
    }

    private static async Task AnswerAsync(HttpContext context, ApiStatus status)
    {
        context.Response.StatusCode = status.Code;
        context.Response.ContentType = "application/json";
        if (status.RetryAfterSeconds is { } seconds)
        {
            context.Response.Headers.RetryAfter = $"{seconds}";
        }

        var body = new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["status"] = "Failure", ["message"] = status.Message, ["reason"] = status.Reason, ["code"] = status.Code };
        await context.Response.WriteAsync(body.ToJsonString());
    }

    private async Task ForwardAsync(HttpContext context, ApiCall call, bool losesReply)
    {
        using var request = new HttpRequestMessage(new(call.Method), new Uri(call.Target, UriKind.Relative));
        if (call.HasEffect)
        {
            var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            request.Content = new ByteArrayContent(body.ToArray());
            request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
        }

        // What was begun is done, also when the client has gone meanwhile.
        using var reply = await upstream.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, call.HasEffect ? default : context.RequestAborted);
        if (losesReply)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = (int)reply.StatusCode;
        context.Response.ContentType = reply.Content.Headers.ContentType?.ToString();
        if (call.IsWatch && reply.IsSuccessStatusCode)
        {
            await WatchAsync(context, reply);
        }
        else
        {
            await reply.Content.CopyToAsync(context.Response.Body);
        }
    }

    private async Task WatchAsync(HttpContext context, HttpResponseMessage reply)
    {
        using var dropped = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        watches[dropped] = true;
        try
        {
            // A watch has begun once its headers have come, long before there is anything to tell.
            await context.Response.Body.FlushAsync(dropped.Token);
            using var lines = new StreamReader(await reply.Content.ReadAsStreamAsync(dropped.Token));
            Dictionary<string, string> last = new(StringComparer.Ordinal);
            while (await lines.ReadLineAsync(dropped.Token) is { } line)
            {
                foreach (var delivered in tamper is { } with ? with(WatchedEvent.Read(line, last)) : [line])
                {
                    await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(delivered + "\n"), dropped.Token);
                }

                await context.Response.Body.FlushAsync(dropped.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or HttpRequestException)
        {
            context.Abort();
        }
        finally
        {
            watches.TryRemove(dropped, out _);
        }
    }

    [GeneratedRegex("^/api/v1/namespaces/[^/]+/pods/(?<pod>[^/:]+):8080/proxy(?<path>/.*)$")]
    private static partial Regex PodProxy();

    private sealed record Rule(Func<ApiCall, bool> Matches, ApiFault Fault, ApiStatus? Status, int Times)
    {
        public int Left { get; set; } = Times;
    }
}
