using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Ops.Testing.Kubernetes;

/// <summary>What the API reaches in pods: logs, and servers through the proxy.</summary>
internal sealed class PodAccess(ObjectStore store)
{
    private static readonly HttpClient Forwarder = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false });
    private readonly Lock gate = new();
    private readonly Dictionary<string, List<string>> logs = new(StringComparer.Ordinal);
    private TaskCompletionSource written = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Where the server behind a pod's port really listens, by namespace, pod and port; null when nothing does.</summary>
    public Func<string, string, int, Uri?> Backend { get; set; } = (_, _, _) => null;

    /// <summary>Writes a line to a container's log.</summary>
    public void Write(string @namespace, string pod, string container, string line, bool previous = false)
    {
        lock (gate)
        {
            Lines(@namespace, pod, container, previous).Add(line);
        }

        Wrote();
    }

    /// <summary>A container starts again: its log becomes the previous one.</summary>
    public void Rotate(string @namespace, string pod, string container)
    {
        lock (gate)
        {
            var current = Lines(@namespace, pod, container, previous: false);
            var last = Lines(@namespace, pod, container, previous: true);
            last.Clear();
            last.AddRange(current);
            current.Clear();
        }
    }

    /// <summary>GET of <c>pods/log</c>.</summary>
    public async Task LogAsync(HttpContext context, ApiRequest request)
    {
        var previous = request.Query["previous"] == "true";
        var (container, refusal) = Container(request, previous);
        if (refusal is not null)
        {
            await ApiServer.WriteAsync(context, refusal);
            return;
        }

        context.Response.ContentType = "text/plain";
        var follows = request.Query["follow"] == "true" && !previous;
        var run = RunOf(request, container!);
        lock (store.Gate)
        {
            store.Listen(Wake);
        }

        try
        {
            await LinesAsync(context, request, container!, previous, () => follows && run is not null && RunOf(request, container!) == run);
        }
        finally
        {
            lock (store.Gate)
            {
                store.Unlisten(Wake);
            }
        }

        void Wake(StoreEvent change)
        {
            if (change.Kind == ResourceKind.Pod && change.Object.Text("metadata", "name") == request.Name)
            {
                Wrote();
            }
        }
    }

    private async Task LinesAsync(HttpContext context, ApiRequest request, string container, bool previous, Func<bool> goesOn)
    {
        var at = -1;
        while (!context.RequestAborted.IsCancellationRequested)
        {
            Task more;
            lock (gate)
            {
                more = written.Task;
            }

            // What was written before it ended is told first.
            var ended = !goesOn();
            List<string> fresh;
            lock (gate)
            {
                var lines = Lines(request.Namespace, request.Name, container, previous);
                if (at < 0)
                {
                    at = int.TryParse(request.Query["tailLines"], out var tail) ? Math.Max(0, lines.Count - tail) : 0;
                }

                at = Math.Min(at, lines.Count);
                fresh = lines[at..];
                at = lines.Count;
            }

            foreach (var line in fresh)
            {
                await context.Response.WriteAsync(line + "\n", context.RequestAborted);
            }

            await context.Response.Body.FlushAsync(context.RequestAborted);
            if (ended)
            {
                return;
            }

            await more.WaitAsync(context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Forwards a request to the server behind a pod or a service.</summary>
    public async Task ProxyAsync(HttpContext context, ApiRequest request)
    {
        // Either name, name:port or scheme:name:port.
        var parts = request.Name.Split(':');
        var name = parts.Length == 3 ? parts[1] : parts[0];
        var port = parts.Length > 1 && parts[^1].Length > 0 ? parts[^1] : "";
        var (pod, number, refusal) = Resolve(request, name, port);
        if (refusal is not null || Backend(request.Namespace, pod, number) is not { } backend)
        {
            await ApiServer.WriteAsync(context, refusal ?? new ApiStatus(503, "ServiceUnavailable", $"error trying to reach service: dial tcp: connect: connection refused"));
            return;
        }

        using var message = new HttpRequestMessage(new HttpMethod(request.Method), new Uri(backend, (request.Rest.Length == 0 ? "/" : request.Rest) + context.Request.QueryString));
        if (request.Method is not ("GET" or "HEAD"))
        {
            message.Content = new ByteArrayContent(request.Body);
        }

        foreach (var (header, values) in context.Request.Headers)
        {
            if (header is not ("Host" or "Authorization" or "Connection" or "Transfer-Encoding") && !message.Headers.TryAddWithoutValidation(header, (IEnumerable<string?>)values))
            {
                message.Content?.Headers.TryAddWithoutValidation(header, (IEnumerable<string?>)values);
            }
        }

        try
        {
            using var reply = await Forwarder.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
            context.Response.StatusCode = (int)reply.StatusCode;
            foreach (var (header, values) in reply.Headers.Concat(reply.Content.Headers).Where(h => h.Key is not ("Transfer-Encoding" or "Connection")))
            {
                context.Response.Headers[header] = values.ToArray();
            }

            await reply.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
        catch (HttpRequestException exception) when (!context.Response.HasStarted)
        {
            await ApiServer.WriteAsync(context, new ApiStatus(503, "ServiceUnavailable", "error trying to reach service: " + exception.Message));
        }
    }

    private (string Pod, int Port, ApiStatus? Refusal) Resolve(ApiRequest request, string name, string port)
    {
        lock (store.Gate)
        {
            if (store.Get(request.Kind!, request.Namespace, name) is not { } target)
            {
                return ("", 0, ApiStatus.NotFound(request.Kind!, name));
            }

            if (request.Kind == ResourceKind.Pod)
            {
                var declared = target.Items("spec", "containers").SelectMany(c => c.Items("ports")).ToList();
                var match = port.Length == 0 ? declared.FirstOrDefault() : declared.Find(p => p.Text("name") == port);
                return (name, int.TryParse(port, out var number) ? number : (int)(match.Number("containerPort") ?? 80), null);
            }

            var selector = Selectors.ParseMap(target.Object("spec", "selector"));
            var ready = store.List(ResourceKind.Pod, request.Namespace).FirstOrDefault(p => selector.Matches(p.Object("metadata", "labels")) && PodFacts.IsReady(p));
            var servicePort = target.Items("spec", "ports").FirstOrDefault(p => port.Length == 0 || p.Text("name") == port || p.Text("port") == port);
            if (ready is null || servicePort is null)
            {
                return ("", 0, new ApiStatus(503, "ServiceUnavailable", $"no endpoints available for service \"{name}\""));
            }

            var wanted = servicePort.Text("targetPort") ?? servicePort.Text("port") ?? "80";
            var named = ready.Items("spec", "containers").SelectMany(c => c.Items("ports")).FirstOrDefault(p => p.Text("name") == wanted);
            return (ready.Text("metadata", "name")!, int.TryParse(wanted, out var target2) ? target2 : (int)(named.Number("containerPort") ?? 80), null);
        }
    }

    private (string? Container, ApiStatus? Refusal) Container(ApiRequest request, bool previous)
    {
        lock (store.Gate)
        {
            if (store.Get(ResourceKind.Pod, request.Namespace, request.Name) is not { } pod)
            {
                return (null, ApiStatus.NotFound(ResourceKind.Pod, request.Name));
            }

            var names = pod.Items("spec", "containers").Select(c => c.Text("name")!).ToList();
            var all = names.Concat(pod.Items("spec", "initContainers").Select(c => c.Text("name")!)).ToList();
            var name = request.Query["container"].ToString();
            if (name.Length == 0)
            {
                if (names.Count != 1)
                {
                    return (null, ApiStatus.BadRequest($"a container name must be specified for pod {request.Name}, choose one of: [{string.Join(' ', names)}]"));
                }

                name = names[0];
            }

            if (!all.Contains(name))
            {
                return (null, ApiStatus.BadRequest($"container {name} is not valid for pod {request.Name}"));
            }

            var state = pod.Items("status", "containerStatuses").Concat(pod.Items("status", "initContainerStatuses")).FirstOrDefault(s => s.Text("name") == name);
            if (previous && state.Object("lastState", "terminated") is null)
            {
                return (null, ApiStatus.BadRequest($"previous terminated container \"{name}\" in pod \"{request.Name}\" not found"));
            }

            if (!previous && state?.Object("state", "running") is null && state?.Object("state", "terminated") is null && state?.Object("lastState", "terminated") is null)
            {
                return (null, ApiStatus.BadRequest($"container \"{name}\" in pod \"{request.Name}\" is waiting to start: {state.Text("state", "waiting", "reason") ?? "ContainerCreating"}"));
            }

            return (name, null);
        }
    }

    // Which run of a container is under way; null when none is. A log is followed to the end of one.
    private long? RunOf(ApiRequest request, string container)
    {
        lock (store.Gate)
        {
            var pod = store.Get(ResourceKind.Pod, request.Namespace, request.Name);
            var status = pod.Items("status", "containerStatuses").Concat(pod.Items("status", "initContainerStatuses")).FirstOrDefault(s => s.Text("name") == container);
            return status.Object("state", "running") is null ? null : status.Number("restartCount") ?? 0;
        }
    }

    private void Wrote()
    {
        lock (gate)
        {
            written.SetResult();
            written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private List<string> Lines(string @namespace, string pod, string container, bool previous)
    {
        var key = $"{@namespace}/{pod}/{container}/{previous}";
        if (!logs.TryGetValue(key, out var lines))
        {
            logs[key] = lines = [];
        }

        return lines;
    }
}

/// <summary>What is read from a pod.</summary>
internal static class PodFacts
{
    /// <summary>Whether it may get traffic.</summary>
    public static bool IsReady(JsonObject pod) => pod.Text("metadata", "deletionTimestamp") is null && pod.Items("status", "conditions").Any(c => c.Text("type") == "Ready" && c.Text("status") == "True");

    /// <summary>Whether it has ended for good.</summary>
    public static bool IsOver(JsonObject pod) => pod.Text("status", "phase") is "Succeeded" or "Failed";

    /// <summary>Whether it is being deleted.</summary>
    public static bool IsTerminating(JsonObject item) => item.Text("metadata", "deletionTimestamp") is not null;

    /// <summary>Whether an object is owned by another as its controller.</summary>
    public static bool IsControlledBy(JsonObject item, JsonObject owner) => item.Items("metadata", "ownerReferences").Any(r => r.Flag("controller") && r.Text("uid") == owner.Text("metadata", "uid"));
}
