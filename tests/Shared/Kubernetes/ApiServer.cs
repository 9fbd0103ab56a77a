using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Ops.Testing.Kubernetes;

/// <summary>Answers requests to the API: who asks, whether they may, what goes wrong on purpose, and then the verb.</summary>
internal sealed class ApiServer
{
    private readonly KubernetesDouble owner;
    private readonly Discovery discovery;
    private readonly ListReader lists;
    private readonly ObjectDeleter deleter;

    /// <summary>Serves the objects of a double.</summary>
    public ApiServer(KubernetesDouble owner, string gitVersion)
    {
        this.owner = owner;
        discovery = new Discovery(gitVersion, IsServed);
        lists = new ListReader(owner.Store);
        deleter = new ObjectDeleter(owner.Store, owner.Time);
    }

    /// <summary>Every request so far, oldest first.</summary>
    public ConcurrentQueue<ApiRequest> Requests { get; } = new();

    /// <summary>Deletes on behalf of the controllers.</summary>
    public ObjectDeleter Deleter => deleter;

    /// <summary>Answers one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var (user, unknown) = Identify(context);
        var request = new ApiRequest(context.Request.Method, context.Request.Path.Value!, context.Request.Query, user)
        {
            ContentType = context.Request.ContentType?.Split(';')[0].Trim() ?? "",
            UserAgent = context.Request.Headers.UserAgent.ToString(),
            Body = await BodyAsync(context),
        }.Resolve();
        Requests.Enqueue(request);
        if (unknown)
        {
            await WriteAsync(context, ApiStatus.Unauthorized());
            return;
        }

        try
        {
            await DispatchAsync(context, request);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client went.
        }
        catch (InvalidOperationException exception) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, ApiStatus.InternalError(exception.Message));
        }
    }

    /// <summary>Runs a verb on an object or a collection, without HTTP.</summary>
    public ApiReply Run(ApiRequest request)
    {
        ApiReply reply;
        lock (owner.Store.Gate)
        {
            reply = Verb(request);
            reply = reply with { Body = reply.Body.Copy() };
        }

        if (request.Method is not "GET" && reply.Code < 300 && !request.IsDryRun)
        {
            owner.Cluster?.Settle();
        }

        return reply;
    }

    /// <summary>Writes a reply.</summary>
    public static async Task WriteAsync(HttpContext context, ApiReply reply)
    {
        context.Response.StatusCode = reply.Code;
        context.Response.ContentType = "application/json";
        context.Response.Headers["Audit-Id"] = Guid.NewGuid().ToString();
        if (reply.RetryAfterSeconds is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString();
        }

        foreach (var warning in reply.Warnings)
        {
            context.Response.Headers.Append("Warning", $"299 - \"{warning.Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
        }

        await context.Response.WriteAsync(reply.Body.ToJsonString(Json.Plain), context.RequestAborted);
    }

    private async Task DispatchAsync(HttpContext context, ApiRequest request)
    {
        if (request.Path is "/healthz" or "/livez" or "/readyz")
        {
            await context.Response.WriteAsync("ok", context.RequestAborted);
            return;
        }

        if (request.Path != "/version" && request.User == "system:anonymous" && request.Kind is null)
        {
            await WriteAsync(context, new ApiStatus(403, "Forbidden", $"forbidden: User \"system:anonymous\" cannot {request.Method.ToLowerInvariant()} path \"{request.Path}\"", []));
            return;
        }

        if (discovery.Answer(request.Path) is { } answer)
        {
            await WriteAsync(context, answer);
            return;
        }

        if (request.Method == "POST" && request.Path.StartsWith("/apis/authorization.k8s.io/v1/", StringComparison.Ordinal))
        {
            await WriteAsync(context, request.Path.EndsWith("/selfsubjectaccessreviews", StringComparison.Ordinal) ? owner.Access.Review(request, "SelfSubjectAccessReview")
                : request.Path.EndsWith("/selfsubjectrulesreviews", StringComparison.Ordinal) ? owner.Access.Review(request, "SelfSubjectRulesReview") : ApiStatus.NoSuchResource());
            return;
        }

        if (request.Kind is not { } kind || !IsServed(kind))
        {
            await WriteAsync(context, ApiStatus.NoSuchResource());
            return;
        }

        if (owner.Access.Refuse(request) is { } refusal)
        {
            await WriteAsync(context, refusal);
            return;
        }

        switch (request.Subresource)
        {
            case "log" when request.Method == "GET":
                await owner.Pods.LogAsync(context, request);
                return;
            case "proxy":
                await owner.Pods.ProxyAsync(context, request);
                return;
        }

        if (request.IsWatch)
        {
            await owner.Watches.RunAsync(context, request);
            return;
        }

        var reply = Run(request);
        await WriteAsync(context, reply);
    }

    private ApiReply Verb(ApiRequest request) => (request.Method, request.Name.Length > 0, request.Subresource) switch
    {
        ("GET", false, _) => lists.List(request),
        ("GET", true, "" or "status") => owner.Store.Get(request.Kind!, request.Namespace, request.Name) is { } found ? ApiReply.Ok(found) : ApiStatus.NotFound(request.Kind!, request.Name),
        ("POST", false, _) => owner.Writer.Create(request),
        ("POST", true, "eviction") when request.Kind == ResourceKind.Pod => Eviction.Evict(owner.Store, deleter, request),
        ("PUT", true, "" or "status") => owner.Writer.Replace(request),
        ("PATCH", true, "" or "status") => owner.Writer.Patch(request),
        ("DELETE", true, "") => deleter.Delete(request),
        ("DELETE", false, _) => lists.Select(request) is { Items: { } items } ? deleter.DeleteAll(request, items) : ApiStatus.BadRequest("field label not supported"),
        _ => request.Subresource.Length > 0 && !request.Kind!.Subresources.Contains(request.Subresource) ? ApiStatus.NoSuchResource() : ApiStatus.MethodNotAllowed(),
    };

    private bool IsServed(ResourceKind kind) => !kind.Extension || owner.HasGatewayApi;

    private (string User, bool Unknown) Identify(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        if (header.StartsWith("Bearer ", StringComparison.Ordinal))
        {
            return owner.Tokens.TryGetValue(header["Bearer ".Length..], out var user) ? (user, false) : ("", true);
        }

        return context.Connection.ClientCertificate is { } certificate ? (certificate.GetNameInfo(System.Security.Cryptography.X509Certificates.X509NameType.SimpleName, forIssuer: false), false) : ("system:anonymous", false);
    }

    private static async Task<byte[]> BodyAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return body.ToArray();
    }
}

/// <summary>Asks a pod to go, as a drain does.</summary>
internal static class Eviction
{
    /// <summary>POST of <c>pods/eviction</c>: refused while a disruption budget allows none.</summary>
    public static ApiReply Evict(ObjectStore store, ObjectDeleter deleter, ApiRequest request)
    {
        if (store.Get(ResourceKind.Pod, request.Namespace, request.Name) is not { } pod)
        {
            return ApiStatus.NotFound(ResourceKind.Pod, request.Name);
        }

        var counts = PodFacts.IsReady(pod);
        foreach (var budget in store.List(ResourceKind.PodDisruptionBudget, request.Namespace).ToList())
        {
            if (!counts || !Selectors.ParseObject(budget.Object("spec", "selector")).Matches(pod.Object("metadata", "labels")))
            {
                continue;
            }

            var allowed = budget.Number("status", "disruptionsAllowed") ?? 0;
            if (allowed <= 0)
            {
                var message = $"The disruption budget {budget.Text("metadata", "name")} needs {budget.Number("status", "desiredHealthy") ?? 0} healthy pods and has {budget.Number("status", "currentHealthy") ?? 0} currently";
                return new ApiStatus(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", new JsonObject
                {
                    ["causes"] = new JsonArray(new JsonObject { ["reason"] = "DisruptionBudget", ["message"] = message }),
                });
            }

            var spent = budget.Copy();
            spent.Make("status")["disruptionsAllowed"] = allowed - 1;
            store.Put(ResourceKind.PodDisruptionBudget, spent);
        }

        deleter.Delete(ResourceKind.Pod, pod, "Background", null);
        return ApiReply.Ok(new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["code"] = 201 }, 201);
    }
}
