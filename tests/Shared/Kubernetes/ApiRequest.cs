using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Ops.Testing.Kubernetes;

/// <summary>What a request asks of the API.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path.</param>
/// <param name="Query">The query.</param>
/// <param name="User">Who asks.</param>
internal sealed record ApiRequest(string Method, string Path, IQueryCollection Query, string User)
{
    /// <summary>The kind asked for; null for paths that are no resources.</summary>
    public ResourceKind? Kind { get; init; }

    /// <summary>The namespace; empty for none.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>The object's name; empty for a collection.</summary>
    public string Name { get; init; } = "";

    /// <summary>What is asked for under the object; empty for the object itself.</summary>
    public string Subresource { get; init; } = "";

    /// <summary>What follows the subresource, such as the path behind a proxy, with its leading slash.</summary>
    public string Rest { get; init; } = "";

    /// <summary>The body.</summary>
    public byte[] Body { get; init; } = [];

    /// <summary>The body's media type without parameters.</summary>
    public string ContentType { get; init; } = "";

    /// <summary>The client's name of itself.</summary>
    public string UserAgent { get; init; } = "";

    /// <summary>Asks to be told of changes.</summary>
    public bool IsWatch => Method == "GET" && Query["watch"].ToString() is "true" or "1";

    /// <summary>Changes nothing that is kept.</summary>
    public bool IsDryRun => Query["dryRun"].ToString() == "All";

    /// <summary>Who writes, by name.</summary>
    public string FieldManager => Query["fieldManager"].ToString() is { Length: > 0 } given ? given : UserAgent.Split('/')[0] is { Length: > 0 } agent ? agent : "unknown";

    /// <summary>The verb that rights are about.</summary>
    public string Verb => (Method, Name.Length > 0, IsWatch) switch
    {
        ("GET", _, true) => "watch",
        ("GET" or "HEAD", true, _) => "get",
        ("GET" or "HEAD", false, _) => "list",
        ("POST", _, _) => "create",
        ("PUT", _, _) => "update",
        ("PATCH", _, _) => "patch",
        ("DELETE", true, _) => "delete",
        ("DELETE", false, _) => "deletecollection",
        _ => Method.ToLowerInvariant(),
    };

    /// <summary>Finds the kind, namespace, name and subresource in the path.</summary>
    public ApiRequest Resolve()
    {
        var parts = Path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString).ToArray();
        var (group, version, at) = parts switch
        {
            ["api", var v, ..] => ("", v, 2),
            ["apis", var g, var v, ..] => (g, v, 3),
            _ => ("", "", 0),
        };
        if (at == 0 || parts.Length <= at)
        {
            return this;
        }

        var space = "";
        if (parts[at] == "namespaces" && parts.Length >= at + 3 && parts[at + 2] is not ("status" or "finalize"))
        {
            space = parts[at + 1];
            at += 2;
        }

        if (ResourceKind.Find(group, version, parts[at]) is not { } kind || (!kind.Namespaced && space.Length > 0))
        {
            return this;
        }

        var subresource = parts.Length > at + 2 ? parts[at + 2] : "";
        var rest = "";
        if (subresource is "proxy")
        {
            var marker = Path.IndexOf("/proxy", Path.IndexOf("/" + parts[at] + "/", StringComparison.Ordinal), StringComparison.Ordinal);
            rest = Path[(marker + "/proxy".Length)..];
        }

        return this with { Kind = kind, Namespace = space, Name = parts.Length > at + 1 ? parts[at + 1] : "", Subresource = subresource, Rest = rest };
    }
}

/// <summary>What the API answers: a body, or a refusal.</summary>
internal sealed record ApiReply(int Code, JsonObject Body)
{
    /// <summary>What the server remarks besides.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>How long to wait, as the header says.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>An answer.</summary>
    public static ApiReply Ok(JsonObject body, int code = 200) => new(code, body);

    /// <summary>A refusal.</summary>
    public static implicit operator ApiReply(ApiStatus status) => new(status.Code, status.ToJson()) { RetryAfterSeconds = status.RetryAfterSeconds };
}
