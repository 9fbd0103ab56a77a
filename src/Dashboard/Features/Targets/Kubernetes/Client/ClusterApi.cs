using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>What objects are meant: of a namespace or of all, and chosen by labels or fields.</summary>
/// <param name="Namespace">The namespace; null for the whole cluster.</param>
/// <param name="Labels">A label selector, or null.</param>
/// <param name="Fields">A field selector, or null.</param>
internal sealed record ClusterScope(string? Namespace, string? Labels = null, string? Fields = null);

/// <summary>How an object is applied.</summary>
/// <param name="Force">Takes over fields that other managers have set.</param>
/// <param name="DryRun">Only says what would become of it.</param>
internal sealed record ApplyTerms(bool Force = false, bool DryRun = false);

/// <summary>All objects of a scope at one version.</summary>
internal sealed record ClusterList(IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Items, string Version);

/// <summary>
/// The API of one cluster, typed by the models of the client's package. Objects are written by server-side apply with strict validation.
/// Failures are a <see cref="ClusterException"/>.
/// </summary>
internal sealed class ClusterApi(ClusterSender sender) : IDisposable
{
    /// <summary>Who we are among those who set fields.</summary>
    public const string Manager = ObjectLabels.Manager;

    private const int PageSize = 500;
    private const string Strict = $"fieldManager={Manager}&fieldValidation=Strict";

    /// <summary>What requests that are not about objects go through.</summary>
    internal ClusterSender Sender => sender;

    /// <summary>An object.</summary>
    public async Task<T> GetAsync<T>(string? space, string name, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var kind = ClusterKind.Of<T>();
        return (T)await SendAsync(HttpMethod.Get, kind, kind.Path(space, name), null, $"read {kind.Name} {name}", Repeat.Safe, cancellation);
    }

    /// <summary>An object, or null when it is not there.</summary>
    public async Task<T?> FindAsync<T>(string? space, string name, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        try
        {
            return await GetAsync<T>(space, name, cancellation);
        }
        catch (ClusterException exception) when (exception.Problem == ClusterProblem.NotFound)
        {
            return null;
        }
    }

    /// <summary>All objects of a scope, page by page but all of one version. When that version is kept no longer, it begins anew.</summary>
    public async Task<ClusterList> ListAsync(ClusterKind kind, ClusterScope scope, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await ListPagesAsync(kind, scope, cancellation);
            }
            catch (ClusterException exception) when (exception.Problem == ClusterProblem.Expired && attempt < 3)
            {
                // The pages that were read are of a state that nobody can go on from.
            }
        }
    }

    /// <summary>All objects of a scope.</summary>
    public async Task<IReadOnlyList<T>> ListAsync<T>(ClusterScope scope, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta> => [.. (await ListAsync(ClusterKind.Of<T>(), scope, cancellation)).Items.Cast<T>()];

    /// <summary>Opens a stream of changes after a version.</summary>
    public Task<HttpResponseMessage> WatchAsync(ClusterKind kind, ClusterScope scope, string version, TimeSpan duration, CancellationToken cancellation) => sender.OpenAsync(
        new(HttpMethod.Get, $"{kind.Path(scope.Namespace)}?watch=true&allowWatchBookmarks=true&resourceVersion={Uri.EscapeDataString(version)}&timeoutSeconds={((int)duration.TotalSeconds).ToString(CultureInfo.InvariantCulture)}{Selectors(scope)}"),
        $"watch {kind.Plural}",
        cancellation);

    /// <summary>Applies an object: the fields in it become ours, and fields that were ours and are not in it go.</summary>
    /// <exception cref="ClusterException"><see cref="ClusterProblem.FieldConflict"/> when others have set some of them and it is not forced.</exception>
    public async Task<IKubernetesObject<V1ObjectMeta>> ApplyAsync(IKubernetesObject<V1ObjectMeta> wanted, ApplyTerms terms, CancellationToken cancellation)
    {
        var kind = ClusterKind.Of(wanted.GetType());
        (wanted.Kind, wanted.ApiVersion) = (kind.Name, kind.ApiVersion);
        var path = $"{kind.Path(wanted.Metadata.NamespaceProperty, wanted.Metadata.Name)}?{Strict}{(terms.Force ? "&force=true" : "&force=false")}{(terms.DryRun ? "&dryRun=All" : "")}";

        // JSON is YAML too.
        return await SendAsync(HttpMethod.Patch, kind, path, (wanted, "application/apply-patch+yaml"), $"{kind.Name} {wanted.Metadata.Name}", Repeat.Safe, cancellation);
    }

    /// <summary>Creates an object. After a broken connection nobody knows whether it is there.</summary>
    public async Task<T> CreateAsync<T>(T wanted, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var kind = ClusterKind.Of<T>();
        (wanted.Kind, wanted.ApiVersion) = (kind.Name, kind.ApiVersion);
        return (T)await SendAsync(HttpMethod.Post, kind, $"{kind.Path(wanted.Metadata.NamespaceProperty)}?{Strict}", (wanted, "application/json"), $"create {kind.Name} {wanted.Metadata.Name}", Repeat.IfUndone, cancellation);
    }

    /// <summary>Replaces an object if it is still of the version that the new one names, as a Lease needs it.</summary>
    public async Task<T> UpdateAsync<T>(T wanted, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        if (string.IsNullOrEmpty(wanted.Metadata.ResourceVersion))
        {
            throw new ArgumentException("An update names the version that it replaces.", nameof(wanted));
        }

        var kind = ClusterKind.Of<T>();
        (wanted.Kind, wanted.ApiVersion) = (kind.Name, kind.ApiVersion);
        return (T)await SendAsync(HttpMethod.Put, kind, $"{kind.Path(wanted.Metadata.NamespaceProperty, wanted.Metadata.Name)}?{Strict}", (wanted, "application/json"), $"replace {kind.Name} {wanted.Metadata.Name}", Repeat.IfUndone, cancellation);
    }

    /// <summary>Takes fields out of an object, whoever has set them, if it is still of the version that was seen.</summary>
    /// <param name="seen">The object.</param>
    /// <param name="pointers">The fields, as JSON pointers into it.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ClusterException"><see cref="ClusterProblem.Conflict"/> when somebody has changed it since.</exception>
    public async Task<IKubernetesObject<V1ObjectMeta>> TakeOutAsync(IKubernetesObject<V1ObjectMeta> seen, IEnumerable<string> pointers, CancellationToken cancellation)
    {
        var kind = ClusterKind.Of(seen.GetType());

        // Last items of lists first, so that those before them keep their places.
        JsonPatchStep[] steps =
        [
            new("replace", "/metadata/resourceVersion", seen.Metadata.ResourceVersion),
            .. pointers.OrderByDescending(p => string.Join('/', p.Split('/').Select(s => s.PadLeft(8, '0'))), StringComparer.Ordinal).Select(p => new JsonPatchStep("remove", p)),
        ];
        return await SendAsync(
            HttpMethod.Patch, kind, $"{kind.Path(seen.Metadata.NamespaceProperty, seen.Metadata.Name)}?{Strict}", (steps, "application/json-patch+json"), $"{kind.Name} {seen.Metadata.Name}", Repeat.IfUndone, cancellation);
    }

    /// <summary>Deletes an object if it is still the one that was seen. Gone already, or another one in its place, is done.</summary>
    /// <param name="seen">The object, with its uid.</param>
    /// <param name="propagation"><c>Background</c>, <c>Foreground</c> or <c>Orphan</c>.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task DeleteAsync(IKubernetesObject<V1ObjectMeta> seen, string propagation, CancellationToken cancellation)
    {
        var kind = ClusterKind.Of(seen.GetType());
        var uid = seen.Metadata.Uid is { Length: > 0 } known ? known : throw new ArgumentException("Only what was seen can be deleted.", nameof(seen));
        var options = new V1DeleteOptions { ApiVersion = "v1", Kind = "DeleteOptions", PropagationPolicy = propagation, Preconditions = new() { Uid = uid } };
        try
        {
            await sender.SendAsync(
                () => Request(HttpMethod.Delete, kind.Path(seen.Metadata.NamespaceProperty, seen.Metadata.Name), (options, "application/json")),
                $"delete {kind.Name} {seen.Metadata.Name}",
                Repeat.Safe,
                static (_, _) => Task.FromResult(true),
                cancellation);
        }
        catch (ClusterException exception) when (exception.Problem is ClusterProblem.NotFound or ClusterProblem.Conflict)
        {
            // The precondition names the uid alone, so a conflict is about another object.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => sender.Dispose();

    private static HttpRequestMessage Request(HttpMethod method, string path, (object Body, string Type)? content)
    {
        var request = new HttpRequestMessage(method, path);
        if (content is { } given)
        {
            request.Content = new ByteArrayContent(ClusterJson.Write(given.Body)) { Headers = { ContentType = new MediaTypeHeaderValue(given.Type) } };
        }

        return request;
    }

    private static string Selectors(ClusterScope scope) =>
        $"{(scope.Labels is { Length: > 0 } labels ? $"&labelSelector={Uri.EscapeDataString(labels)}" : "")}{(scope.Fields is { Length: > 0 } fields ? $"&fieldSelector={Uri.EscapeDataString(fields)}" : "")}";

    private async Task<ClusterList> ListPagesAsync(ClusterKind kind, ClusterScope scope, CancellationToken cancellation)
    {
        List<IKubernetesObject<V1ObjectMeta>> items = [];
        string? next = null;
        while (true)
        {
            var path = $"{kind.Path(scope.Namespace)}?limit={PageSize}{Selectors(scope)}{(next is null ? "" : $"&continue={Uri.EscapeDataString(next)}")}";
            var (version, more) = await sender.SendAsync(
                () => Request(HttpMethod.Get, path, null),
                $"list {kind.Plural}",
                Repeat.Safe,
                async (body, token) =>
                {
                    using var page = await JsonDocument.ParseAsync(body, cancellationToken: token);
                    var read = page.RootElement.TryGetProperty("items", out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Select(e => ClusterJson.ReadObject(e, kind)).ToList() : [];
                    var metadata = page.RootElement.GetProperty("metadata");
                    items.AddRange(read);
                    return (Text(metadata, "resourceVersion") ?? "", Text(metadata, "continue"));
                },
                cancellation);
            if (string.IsNullOrEmpty(more))
            {
                return new(items, version);
            }

            next = more;
        }

        static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;
    }

    private Task<IKubernetesObject<V1ObjectMeta>> SendAsync(HttpMethod method, ClusterKind kind, string path, (object Body, string Type)? content, string what, Repeat repeat, CancellationToken cancellation) =>
        sender.SendAsync(() => Request(method, path, content), what, repeat, (body, token) => ClusterJson.ReadObjectAsync(body, kind, token), cancellation);

    // RFC 6902.
    private sealed record JsonPatchStep(
        [property: JsonPropertyName("op")] string Op,
        [property: JsonPropertyName("path")] string Path,
        [property: JsonPropertyName("value"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Value = null);
}
