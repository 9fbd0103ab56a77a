using System.Text.Json.Serialization;
using k8s.Models;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Objects;

/// <summary>What gateways say to a route.</summary>
internal sealed record HttpRouteStatus
{
    /// <summary>One for each gateway that has looked at it.</summary>
    [JsonPropertyName("parents")]
    public IReadOnlyList<HttpRouteParentStatus> Parents { get; set; } = [];
}

/// <summary>What one gateway says.</summary>
internal sealed record HttpRouteParentStatus
{
    /// <summary>Which.</summary>
    [JsonPropertyName("parentRef")]
    public HttpRouteParent ParentRef { get; set; } = new();

    /// <summary>Accepted, ResolvedRefs and others.</summary>
    [JsonPropertyName("conditions")]
    public IReadOnlyList<V1Condition> Conditions { get; set; } = [];
}
