using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>What the server says of itself: version, groups and resources.</summary>
internal sealed class Discovery(string gitVersion, Func<ResourceKind, bool> isServed)
{
    private static readonly string[] ReviewKinds = ["SelfSubjectAccessReview", "SelfSubjectRulesReview"];

    /// <summary>Answers a path of discovery; null for other paths.</summary>
    public ApiReply? Answer(string path)
    {
        switch (path.Trim('/').Split('/'))
        {
            case ["version"]:
                var numbers = gitVersion.TrimStart('v').Split('.');
                return ApiReply.Ok(new JsonObject
                {
                    ["major"] = numbers[0],
                    ["minor"] = numbers[1],
                    ["gitVersion"] = gitVersion,
                    ["gitCommit"] = "0000000000000000000000000000000000000000",
                    ["gitTreeState"] = "clean",
                    ["buildDate"] = "2026-01-01T00:00:00Z",
                    ["goVersion"] = "go1.26.0",
                    ["compiler"] = "gc",
                    ["platform"] = "linux/amd64",
                });
            case ["api"]:
                return ApiReply.Ok(new JsonObject { ["kind"] = "APIVersions", ["versions"] = new JsonArray("v1"), ["serverAddressByClientCIDRs"] = new JsonArray() });
            case ["apis"]:
                return ApiReply.Ok(new JsonObject { ["kind"] = "APIGroupList", ["apiVersion"] = "v1", ["groups"] = new JsonArray([.. Groups().Select(g => (JsonNode)Group(g.Name, g.Version))]) });
            case ["apis", var name] when Groups().FirstOrDefault(g => g.Name == name) is { Name: not null } found:
                var group = Group(found.Name, found.Version);
                group["kind"] = "APIGroup";
                group["apiVersion"] = "v1";
                return ApiReply.Ok(group);
            case ["api", "v1"]:
                return ApiReply.Ok(Resources("", "v1"));
            case ["apis", var name, var version] when Groups().Contains((name, version)):
                return ApiReply.Ok(Resources(name, version));
            default:
                return null;
        }
    }

    private IEnumerable<(string Name, string Version)> Groups() =>
        ResourceKind.All.Where(k => isServed(k) && k.Group.Length > 0).Select(k => (k.Group, k.Version)).Append(("authorization.k8s.io", "v1")).Distinct();

    private static JsonObject Group(string name, string version)
    {
        var served = new JsonObject { ["groupVersion"] = $"{name}/{version}", ["version"] = version };
        return new JsonObject { ["name"] = name, ["versions"] = new JsonArray(served), ["preferredVersion"] = served.DeepClone() };
    }

    private JsonObject Resources(string group, string version)
    {
        var resources = new JsonArray();
        foreach (var kind in ResourceKind.All.Where(k => isServed(k) && k.Group == group && k.Version == version))
        {
            resources.Add(Resource(kind.Plural, kind, ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]));
            foreach (var sub in kind.Subresources)
            {
                resources.Add(Resource($"{kind.Plural}/{sub}", kind, sub is "log" ? ["get"] : ["create", "get"]));
            }

            if (kind.HasStatus)
            {
                resources.Add(Resource(kind.Plural + "/status", kind, ["get", "patch", "update"]));
            }
        }

        foreach (var review in group == "authorization.k8s.io" ? ReviewKinds : [])
        {
            resources.Add(new JsonObject { ["name"] = review.ToLowerInvariant() + "s", ["singularName"] = review.ToLowerInvariant(), ["namespaced"] = false, ["kind"] = review, ["verbs"] = new JsonArray("create") });
        }

        return new JsonObject { ["kind"] = "APIResourceList", ["apiVersion"] = "v1", ["groupVersion"] = group.Length == 0 ? version : $"{group}/{version}", ["resources"] = resources };
    }

    private static JsonObject Resource(string name, ResourceKind kind, string[] verbs)
    {
        var resource = new JsonObject
        {
            ["name"] = name,
            ["singularName"] = name.Contains('/', StringComparison.Ordinal) ? "" : kind.Kind.ToLowerInvariant(),
            ["namespaced"] = kind.Namespaced,
            ["kind"] = kind.Kind,
            ["verbs"] = new JsonArray([.. verbs.Select(v => (JsonNode)v)]),
        };
        if (kind.ShortNames.Count > 0 && !name.Contains('/', StringComparison.Ordinal))
        {
            resource["shortNames"] = new JsonArray([.. kind.ShortNames.Select(s => (JsonNode)s)]);
        }

        return resource;
    }
}
