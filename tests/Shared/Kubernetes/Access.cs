using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>A rule of a role.</summary>
/// <param name="Verbs">The verbs; <c>*</c> for all.</param>
/// <param name="Groups">The API groups; <c>*</c> for all, empty text for the core group.</param>
/// <param name="Resources">The resources, with subresources as <c>pods/log</c>; <c>*</c> for all.</param>
internal sealed record AccessRule(string[] Verbs, string[] Groups, string[] Resources)
{
    /// <summary>Where it holds; null in every namespace and for what is in none.</summary>
    public string? Namespace { get; init; }

    /// <summary>The names it is limited to; empty for all.</summary>
    public string[] Names { get; init; } = [];

    /// <summary>Whether it allows something.</summary>
    public bool Allows(string verb, string group, string resource, string @namespace, string name) =>
        (Namespace is null || (Namespace == @namespace && @namespace.Length > 0)) && Has(Verbs, verb) && Has(Groups, group) && (Has(Resources, resource) || (resource.Contains('/', StringComparison.Ordinal) && Resources.Contains("*/" + resource.Split('/')[1])))
        && (Names.Length == 0 || Names.Contains(name));

    private static bool Has(string[] list, string value) => list.Contains("*") || list.Contains(value);
}

/// <summary>Who may do what. Everybody may do everything until <see cref="Restrict"/> is called for a user.</summary>
internal sealed class Access
{
    private readonly Dictionary<string, AccessRule[]> rules = new(StringComparer.Ordinal);

    /// <summary>Limits a user to these rules, replacing earlier ones; none takes every right away.</summary>
    public void Restrict(string user, params AccessRule[] allowed)
    {
        lock (rules)
        {
            rules[user] = allowed;
        }
    }

    /// <summary>Whether a request may pass.</summary>
    /// <returns>The refusal, or null.</returns>
    public ApiStatus? Refuse(ApiRequest request)
    {
        if (request.Kind is not { } kind || Allows(request.User, request.Verb, kind.Group, Resource(request), kind.Plural == "namespaces" ? request.Name : request.Namespace, request.Name))
        {
            return null;
        }

        var where = request.Namespace.Length > 0 ? $"in the namespace \"{request.Namespace}\"" : "at the cluster scope";
        return ApiStatus.Forbidden(kind, request.Name, $"User \"{request.User}\" cannot {request.Verb} resource \"{Resource(request)}\" in API group \"{kind.Group}\" {where}");
    }

    /// <summary>Answers a review of rights or rules by the user who asks.</summary>
    public ApiReply Review(ApiRequest request, string kind)
    {
        var body = FieldValidation.Read(request.Body).Body ?? [];
        var review = body.Copy();
        review["kind"] = kind;
        review["apiVersion"] = "authorization.k8s.io/v1";
        review.Make("metadata");
        if (kind == "SelfSubjectAccessReview")
        {
            var asked = body.Object("spec", "resourceAttributes");
            var resource = asked.Text("resource") + (asked.Text("subresource") is { Length: > 0 } sub ? "/" + sub : "");
            var allowed = asked is null || Allows(request.User, asked.Text("verb") ?? "", asked.Text("group") ?? "", resource, asked.Text("namespace") ?? "", asked.Text("name") ?? "");
            review["status"] = new JsonObject { ["allowed"] = allowed };
            if (allowed)
            {
                review.Make("status")["reason"] = "RBAC: allowed by RoleBinding";
            }
        }
        else
        {
            var space = body.Text("spec", "namespace") ?? "";
            var list = RulesOf(request.User).Where(r => r.Namespace is null || r.Namespace == space).Select(r =>
            {
                var rule = new JsonObject { ["verbs"] = Array(r.Verbs), ["apiGroups"] = Array(r.Groups), ["resources"] = Array(r.Resources) };
                if (r.Names.Length > 0)
                {
                    rule["resourceNames"] = Array(r.Names);
                }

                return (JsonNode)rule;
            });
            review["status"] = new JsonObject
            {
                ["resourceRules"] = new JsonArray([.. list]),
                ["nonResourceRules"] = new JsonArray(new JsonObject { ["verbs"] = Array(["get"]), ["nonResourceURLs"] = Array(["/api", "/apis", "/healthz", "/livez", "/readyz", "/version"]) }),
                ["incomplete"] = false,
            };
        }

        return ApiReply.Ok(review, 201);
    }

    private bool Allows(string user, string verb, string group, string resource, string @namespace, string name) => System.Array.Exists(RulesOf(user), r => r.Allows(verb, group, resource, @namespace, name));

    private AccessRule[] RulesOf(string user)
    {
        lock (rules)
        {
            return rules.TryGetValue(user, out var own) ? own : [new AccessRule(["*"], ["*"], ["*"])];
        }
    }

    private static string Resource(ApiRequest request) => request.Subresource.Length > 0 ? $"{request.Kind!.Plural}/{request.Subresource}" : request.Kind!.Plural;

    private static JsonArray Array(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode)t)]);
}
