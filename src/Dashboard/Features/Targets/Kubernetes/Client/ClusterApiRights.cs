using System.Net.Http.Headers;
using System.Text.Json;
using k8s.Models;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>What a cluster tells of itself and of what we may do.</summary>
internal static class ClusterApiRights
{
    /// <summary>The version, such as <c>v1.36.2</c>.</summary>
    public static Task<string> VersionAsync(this ClusterApi api, CancellationToken cancellation) => api.Sender.SendAsync(
        () => new(HttpMethod.Get, "/version"),
        "read the version",
        Repeat.Safe,
        static async (body, token) =>
        {
            using var found = await JsonDocument.ParseAsync(body, cancellationToken: token);
            return found.RootElement.GetProperty("gitVersion").GetString() is { Length: > 0 } version ? version : throw new JsonException("There is no version in the answer.");
        },
        cancellation);

    /// <summary>Whether a kind is served, such as one of the Gateway API.</summary>
    public static async Task<bool> ServesAsync(this ClusterApi api, ClusterKind kind, CancellationToken cancellation)
    {
        try
        {
            using var found = await api.Sender.SendAsync(
                () => new(HttpMethod.Get, kind.Group.Length == 0 ? $"/api/{kind.Version}" : $"/apis/{kind.Group}/{kind.Version}"),
                $"look for {kind.Plural}",
                Repeat.Safe,
                static (body, token) => JsonDocument.ParseAsync(body, cancellationToken: token),
                cancellation);
            return found.RootElement.TryGetProperty("resources", out var resources)
                && resources.EnumerateArray().Any(r => r.TryGetProperty("name", out var name) && name.GetString() == kind.Plural);
        }
        catch (ClusterException exception) when (exception.Problem == ClusterProblem.NotFound)
        {
            return false;
        }
    }

    /// <summary>The rules that hold for us in a namespace (SelfSubjectRulesReview).</summary>
    public static async Task<V1SubjectRulesReviewStatus> RulesAsync(this ClusterApi api, string space, CancellationToken cancellation)
    {
        var review = new V1SelfSubjectRulesReview { ApiVersion = "authorization.k8s.io/v1", Kind = "SelfSubjectRulesReview", Spec = new() { NamespaceProperty = space } };
        return (await ReviewAsync(api, "selfsubjectrulesreviews", review, cancellation)).Status ?? new();
    }

    /// <summary>Whether we may do something (SelfSubjectAccessReview).</summary>
    public static async Task<bool> MayAsync(this ClusterApi api, string? space, string group, string resource, string verb, CancellationToken cancellation)
    {
        var parts = resource.Split('/', 2);
        var review = new V1SelfSubjectAccessReview
        {
            ApiVersion = "authorization.k8s.io/v1",
            Kind = "SelfSubjectAccessReview",
            Spec = new() { ResourceAttributes = new() { NamespaceProperty = space, Group = group, Resource = parts[0], Subresource = parts.Length > 1 ? parts[1] : null, Verb = verb } },
        };
        return (await ReviewAsync(api, "selfsubjectaccessreviews", review, cancellation)).Status?.Allowed == true;
    }

    // Nothing is kept of a review, so asking twice does no harm.
    private static Task<T> ReviewAsync<T>(ClusterApi api, string plural, T review, CancellationToken cancellation)
        where T : class => api.Sender.SendAsync(
            () => new(HttpMethod.Post, $"/apis/authorization.k8s.io/v1/{plural}") { Content = new ByteArrayContent(ClusterJson.Write(review)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } } },
            "ask for our rights",
            Repeat.Safe,
            static (body, token) => ClusterJson.ReadAsync<T>(body, token),
            cancellation);
}
