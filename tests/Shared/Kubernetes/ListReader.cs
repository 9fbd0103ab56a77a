using System.Text;
using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>Reads collections: selectors, pages and expired continuations. Every member needs the store's gate.</summary>
internal sealed class ListReader(ObjectStore store)
{
    private readonly Dictionary<string, (int Compactions, long Version, List<JsonObject> Items)> pages = new(StringComparer.Ordinal);

    /// <summary>GET of a collection.</summary>
    public ApiReply List(ApiRequest request)
    {
        var kind = request.Kind!;
        var (items, refusal) = Select(request);
        if (refusal is not null)
        {
            return refusal;
        }

        if (request.Query["resourceVersion"].ToString() is { Length: > 0 } asked && long.TryParse(asked, out var minimum) && minimum > store.Version)
        {
            return new ApiStatus(504, "Timeout", $"Too large resource version: {minimum}, current: {store.Version}", new JsonObject
            {
                ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ResourceVersionTooLarge", ["message"] = "Too large resource version" }),
                ["retryAfterSeconds"] = 1,
            }) { RetryAfterSeconds = 1 };
        }

        var version = store.Version;
        var start = "";
        if (request.Query["continue"].ToString() is { Length: > 0 } token)
        {
            JsonNode? given = null;
            try
            {
                given = JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(token)));
            }
            catch (Exception exception) when (exception is FormatException or System.Text.Json.JsonException)
            {
                return ApiStatus.BadRequest("continue key is not valid: " + exception.Message);
            }

            start = given.Text("start") ?? "";
            if (given.Number("rv") is > 0 and var rv)
            {
                if (!pages.TryGetValue(PageKey(request, rv), out var page) || page.Compactions != store.Compactions)
                {
                    return ApiStatus.Expired("The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.")
                        with { Continue = Token(-1, start) };
                }

                version = rv;
                items = page.Items;
            }
        }

        var rest = items!.Where(i => string.CompareOrdinal(KeyOf(i), start) > 0).ToList();
        var metadata = new JsonObject { ["resourceVersion"] = version.ToString() };
        if (int.TryParse(request.Query["limit"], out var limit) && limit > 0 && rest.Count > limit)
        {
            pages[PageKey(request, version)] = (store.Compactions, version, items!);
            metadata["continue"] = Token(version, KeyOf(rest[limit - 1]));
            if (request.Query["labelSelector"].ToString().Length == 0 && request.Query["fieldSelector"].ToString().Length == 0)
            {
                metadata["remainingItemCount"] = rest.Count - limit;
            }

            rest.RemoveRange(limit, rest.Count - limit);
        }

        return ApiReply.Ok(new JsonObject
        {
            ["kind"] = kind.Kind + "List",
            ["apiVersion"] = kind.ApiVersion,
            ["metadata"] = metadata,
            ["items"] = new JsonArray([.. rest.Select(i => (JsonNode)Listed(kind, i))]),
        });
    }

    /// <summary>The objects that a request's namespace, name and selectors pick.</summary>
    public (List<JsonObject>? Items, ApiStatus? Refusal) Select(ApiRequest request)
    {
        var kind = request.Kind!;
        if (Filter(request) is not { } matches)
        {
            return (null, ApiStatus.BadRequest($"Unable to find \"{kind.ApiVersion}, Resource={kind.Plural}\" that match label selector \"{request.Query["labelSelector"]}\", field selector \"{request.Query["fieldSelector"]}\": field label not supported"));
        }

        return ([.. store.List(kind, request.Namespace).Where(matches)], null);
    }

    /// <summary>Whether an object is what a request asks for; null when its selectors cannot be read.</summary>
    public static Func<JsonObject, bool>? Filter(ApiRequest request)
    {
        var kind = request.Kind!;
        var fields = request.Query["fieldSelector"].ToString();
        if (Selectors.ParseQuery(request.Query["labelSelector"]) is not { } labels || Selectors.MatchesFields(kind, fields, []) is null)
        {
            return null;
        }

        return item => labels.Matches(item.Object("metadata", "labels")) && Selectors.MatchesFields(kind, fields, item) == true
            && (request.Namespace.Length == 0 || item.Text("metadata", "namespace") == request.Namespace)
            && (request.Name.Length == 0 || item.Text("metadata", "name") == request.Name);
    }

    // Typed lists leave kind and version to the list; extensions repeat them.
    private static JsonObject Listed(ResourceKind kind, JsonObject item)
    {
        var listed = item.Copy();
        if (!kind.Extension)
        {
            listed.Remove("kind");
            listed.Remove("apiVersion");
        }

        return listed;
    }

    private static string PageKey(ApiRequest request, long version) => $"{version} {request.Path} {request.Query["labelSelector"]} {request.Query["fieldSelector"]}";

    private static string KeyOf(JsonObject item) => $"{item.Text("metadata", "namespace")}/{item.Text("metadata", "name")}";

    private static string Token(long version, string start) => Convert.ToBase64String(Encoding.UTF8.GetBytes(new JsonObject { ["v"] = "meta.k8s.io/v1", ["rv"] = version, ["start"] = start }.ToJsonString(Json.Plain)));
}
