using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Objects;

/// <summary>A route of the Gateway API (gateway.networking.k8s.io/v1), as far as it is used here; the client's package does not have it.</summary>
[KubernetesEntity(Group = "gateway.networking.k8s.io", ApiVersion = "v1", Kind = "HTTPRoute", PluralName = "httproutes")]
internal sealed record HttpRoute : IKubernetesObject<V1ObjectMeta>
{
    /// <summary>What the kind is called.</summary>
    public const string KindName = "HTTPRoute";

    /// <inheritdoc/>
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = "gateway.networking.k8s.io/v1";

    /// <inheritdoc/>
    [JsonPropertyName("kind")]
    public string Kind { get; set; } = KindName;

    /// <inheritdoc/>
    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    /// <summary>What is wanted.</summary>
    [JsonPropertyName("spec")]
    public HttpRouteSpec Spec { get; set; } = new();

    /// <summary>What gateways say to it; null while none has said anything, and in what is applied.</summary>
    [JsonPropertyName("status")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HttpRouteStatus? Status { get; set; }

    /// <summary>Makes the route of an endpoint, or null when its plan names no host or its target no gateway.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="revisions">What is to run; the shares go to their own Services.</param>
    /// <param name="ns">The namespace.</param>
    /// <param name="gateway">The gateway's namespace (null for the same one) and name.</param>
    public static HttpRoute? Of(EndpointRef endpoint, IReadOnlyList<RevisionSpec> revisions, string ns, (string? Namespace, string Name)? gateway)
    {
        var hostname = revisions.OrderByDescending(r => r.PlanId).Select(r => r.Plan.Kubernetes?.Hostname).FirstOrDefault(h => h is not null);
        return hostname is null || gateway is not { } parent
            ? null
            : new()
            {
                Metadata = EndpointObjects.Metadata(endpoint, ns),
                Spec = new()
                {
                    ParentRefs = [new() { Name = parent.Name, NamespaceName = parent.Namespace }],
                    Hostnames = [hostname],
                    Rules = [new() { BackendRefs = [.. Weights(revisions).Select(pair => new HttpBackend { Name = ObjectNames.Of(endpoint, pair.Revision), Port = EndpointObjects.ServicePort, Weight = pair.Weight })] }],
                },
            };
    }

    /// <summary>The route of an endpoint as it was seen last, or null when it has none.</summary>
    public static HttpRoute? Find(ICluster cluster, EndpointRef endpoint) => cluster.Find(KindName, ObjectNames.Of(endpoint)) as HttpRoute;

    // Without shares of their own revisions get requests by their replicas, as they would through one Service.
    private static IEnumerable<(RevisionSpec Revision, int Weight)> Weights(IReadOnlyList<RevisionSpec> revisions) =>
        revisions.Where(r => r.Replicas > 0).OrderBy(r => r.PlanId).Select(r => (r, r.Weight ?? r.Replicas));
}

/// <summary>Which gateway, which hosts, and where requests go.</summary>
internal sealed record HttpRouteSpec
{
    /// <summary>Gateways.</summary>
    [JsonPropertyName("parentRefs")]
    public IReadOnlyList<HttpRouteParent> ParentRefs { get; set; } = [];

    /// <summary>Host names.</summary>
    [JsonPropertyName("hostnames")]
    public IReadOnlyList<string> Hostnames { get; set; } = [];

    /// <summary>Rules; here always one.</summary>
    [JsonPropertyName("rules")]
    public IReadOnlyList<HttpRouteRule> Rules { get; set; } = [];
}

/// <summary>A gateway.</summary>
internal sealed record HttpRouteParent
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public string Name { get; set; } = "";

    /// <summary>Its namespace; null for the route's.</summary>
    [JsonPropertyName("namespace")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NamespaceName { get; set; }
}

/// <summary>Where requests go.</summary>
internal sealed record HttpRouteRule
{
    /// <summary>Services with their shares.</summary>
    [JsonPropertyName("backendRefs")]
    public IReadOnlyList<HttpBackend> BackendRefs { get; set; } = [];
}

/// <summary>A Service and its share.</summary>
internal sealed record HttpBackend
{
    /// <summary>The Service.</summary>
    [JsonPropertyName("name")]
    public string Name { get; set; } = "";

    /// <summary>Its port.</summary>
    [JsonPropertyName("port")]
    public int Port { get; set; }

    /// <summary>Its share of the sum of all.</summary>
    [JsonPropertyName("weight")]
    public int Weight { get; set; }
}
