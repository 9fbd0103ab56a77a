using System.Globalization;
using k8s.Models;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Objects;

/// <summary>The labels and annotations by which objects are found again, also by a dashboard whose registry was restored.</summary>
internal static class ObjectLabels
{
    /// <summary>The field manager, and the value of <see cref="ManagedBy"/>.</summary>
    public const string Manager = "ops-dashboard";

    /// <summary>Who looks after an object.</summary>
    public const string ManagedBy = "app.kubernetes.io/managed-by";

    /// <summary>The endpoint's key.</summary>
    public const string EndpointId = "ops-dashboard/endpoint-id";

    /// <summary>The plan's key; on objects of one revision only.</summary>
    public const string PlanId = "ops-dashboard/plan-id";

    /// <summary>The whole hash of the plan (annotation: it has 64 characters, one more than a label may have).</summary>
    public const string PlanHash = "ops-dashboard/plan-hash";

    /// <summary>The digest of the version that is served (annotation).</summary>
    public const string VersionDigest = "ops-dashboard/version-digest";

    /// <summary>Until when the addresses in a Secret work (annotation, ISO 8601).</summary>
    public const string ExpiresAt = "ops-dashboard/expires-at";

    /// <summary>The pull secrets that a ServiceAccount was given (annotation, separated by commas), so that one that is taken away is noticed among those that clusters add.</summary>
    public const string PullSecrets = "ops-dashboard/pull-secrets";

    /// <summary>Selects everything that dashboards made.</summary>
    public const string Selector = ManagedBy + "=" + Manager;

    /// <summary>Labels of what belongs to the endpoint as a whole.</summary>
    public static Dictionary<string, string> Of(EndpointRef endpoint) => new(StringComparer.Ordinal)
    {
        ["app.kubernetes.io/name"] = "ops-runtime",
        ["app.kubernetes.io/instance"] = endpoint.Name,
        ["app.kubernetes.io/component"] = "model-server",
        ["app.kubernetes.io/part-of"] = "ops",
        [ManagedBy] = Manager,
        [EndpointId] = Key(endpoint.Id),
    };

    /// <summary>Labels of what belongs to one revision.</summary>
    public static Dictionary<string, string> Of(EndpointRef endpoint, RevisionSpec revision)
    {
        var labels = Of(endpoint);
        labels["app.kubernetes.io/version"] = revision.Plan.Version.ToString(CultureInfo.InvariantCulture);
        labels[PlanId] = Key(revision.PlanId);
        return labels;
    }

    /// <summary>What pods of an endpoint are selected by.</summary>
    public static Dictionary<string, string> PodsOf(EndpointRef endpoint) => new(StringComparer.Ordinal) { [EndpointId] = Key(endpoint.Id) };

    /// <summary>What pods of a revision are selected by.</summary>
    public static Dictionary<string, string> PodsOf(EndpointRef endpoint, Guid planId) =>
        new(StringComparer.Ordinal) { [EndpointId] = Key(endpoint.Id), [PlanId] = Key(planId) };

    /// <summary>What people and auditors can look up.</summary>
    public static Dictionary<string, string> AnnotationsOf(RevisionSpec revision) => new(StringComparer.Ordinal)
    {
        [PlanHash] = revision.PlanHash,
        [VersionDigest] = revision.Plan.VersionDigest,
    };

    /// <summary>The endpoint an object belongs to, or null when it is not ours.</summary>
    public static Guid? EndpointOf(V1ObjectMeta? metadata) =>
        metadata?.Labels is { } labels && labels.TryGetValue(ManagedBy, out var manager) && manager == Manager ? Read(labels, EndpointId) : null;

    /// <summary>The plan an object belongs to, or null when it belongs to none.</summary>
    public static Guid? PlanOf(V1ObjectMeta? metadata) => metadata?.Labels is { } labels ? Read(labels, PlanId) : null;

    /// <summary>A key as the value of a label.</summary>
    public static string Key(Guid id) => id.ToString("D");

    private static Guid? Read(IDictionary<string, string> labels, string name) =>
        labels.TryGetValue(name, out var value) && Guid.TryParseExact(value, "D", out var id) ? id : null;
}
