using k8s.Models;

namespace Ops.Testing.Kubernetes;

/// <summary>A kind of object that the API serves.</summary>
/// <param name="Group">The API group; empty for the core group.</param>
/// <param name="Version">The served version.</param>
/// <param name="Plural">The name in paths.</param>
/// <param name="Kind">The name in objects.</param>
/// <param name="Namespaced">Whether its objects live in namespaces.</param>
/// <param name="Schema">Its fields.</param>
internal sealed record ResourceKind(string Group, string Version, string Plural, string Kind, bool Namespaced, StructSchema Schema)
{
    /// <summary>Written through <c>/status</c> alone.</summary>
    public bool HasStatus { get; init; }

    /// <summary>Counts changes of its spec in <c>metadata.generation</c>.</summary>
    public bool HasGeneration { get; init; }

    /// <summary>A kind of an extension: the server may or may not have it, and it validates less.</summary>
    public bool Extension { get; init; }

    /// <summary>What stands under an object besides <c>status</c>.</summary>
    public IReadOnlyList<string> Subresources { get; init; } = [];

    /// <summary>Short names for people.</summary>
    public IReadOnlyList<string> ShortNames { get; init; } = [];

    /// <summary>The <c>apiVersion</c> of its objects.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>How messages name the resource.</summary>
    public string GroupResource => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>Namespaces.</summary>
    public static ResourceKind Namespace { get; } = new("", "v1", "namespaces", "Namespace", false, FieldSchema.Of<V1Namespace>()) { HasStatus = true, Subresources = ["finalize"], ShortNames = ["ns"] };

    /// <summary>Machines.</summary>
    public static ResourceKind Node { get; } = new("", "v1", "nodes", "Node", false, FieldSchema.Of<V1Node>()) { HasStatus = true, Subresources = ["proxy"], ShortNames = ["no"] };

    /// <summary>Pods.</summary>
    public static ResourceKind Pod { get; } = new("", "v1", "pods", "Pod", true, FieldSchema.Of<V1Pod>()) { HasStatus = true, HasGeneration = true, Subresources = ["log", "proxy", "eviction", "binding", "portforward", "exec"], ShortNames = ["po"] };

    /// <summary>Services.</summary>
    public static ResourceKind Service { get; } = new("", "v1", "services", "Service", true, FieldSchema.Of<V1Service>()) { HasStatus = true, Subresources = ["proxy"], ShortNames = ["svc"] };

    /// <summary>Events of the core group.</summary>
    public static ResourceKind Event { get; } = new("", "v1", "events", "Event", true, FieldSchema.Of<Corev1Event>()) { ShortNames = ["ev"] };

    /// <summary>Quotas.</summary>
    public static ResourceKind ResourceQuota { get; } = new("", "v1", "resourcequotas", "ResourceQuota", true, FieldSchema.Of<V1ResourceQuota>()) { HasStatus = true, ShortNames = ["quota"] };

    /// <summary>Deployments.</summary>
    public static ResourceKind Deployment { get; } = new("apps", "v1", "deployments", "Deployment", true, FieldSchema.Of<V1Deployment>()) { HasStatus = true, HasGeneration = true, Subresources = ["scale"], ShortNames = ["deploy"] };

    /// <summary>Replica sets.</summary>
    public static ResourceKind ReplicaSet { get; } = new("apps", "v1", "replicasets", "ReplicaSet", true, FieldSchema.Of<V1ReplicaSet>()) { HasStatus = true, HasGeneration = true, Subresources = ["scale"], ShortNames = ["rs"] };

    /// <summary>Disruption budgets.</summary>
    public static ResourceKind PodDisruptionBudget { get; } = new("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true, FieldSchema.Of<V1PodDisruptionBudget>()) { HasStatus = true, HasGeneration = true, ShortNames = ["pdb"] };

    /// <summary>Leases.</summary>
    public static ResourceKind Lease { get; } = new("coordination.k8s.io", "v1", "leases", "Lease", true, FieldSchema.Of<V1Lease>());

    /// <summary>Classes of container runtimes.</summary>
    public static ResourceKind RuntimeClass { get; } = new("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", false, FieldSchema.Of<V1RuntimeClass>());

    /// <summary>Classes of priorities.</summary>
    public static ResourceKind PriorityClass { get; } = new("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", false, FieldSchema.Of<V1PriorityClass>()) { HasGeneration = true, ShortNames = ["pc"] };

    /// <summary>Every kind, in the order of discovery.</summary>
    public static IReadOnlyList<ResourceKind> All { get; } =
    [
        Namespace, Node, Pod, Service, Event, ResourceQuota,
        new("", "v1", "serviceaccounts", "ServiceAccount", true, FieldSchema.Of<V1ServiceAccount>()) { ShortNames = ["sa"] },
        new("", "v1", "secrets", "Secret", true, FieldSchema.Of<V1Secret>()),
        new("", "v1", "configmaps", "ConfigMap", true, FieldSchema.Of<V1ConfigMap>()) { ShortNames = ["cm"] },
        new("", "v1", "endpoints", "Endpoints", true, FieldSchema.Of<V1Endpoints>()) { ShortNames = ["ep"] },
        new("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true, FieldSchema.Of<V1PersistentVolumeClaim>()) { HasStatus = true, ShortNames = ["pvc"] },
        Deployment, ReplicaSet,
        new("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true, FieldSchema.Of<V2HorizontalPodAutoscaler>()) { HasStatus = true, ShortNames = ["hpa"] },
        PodDisruptionBudget,
        new("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", true, FieldSchema.Of<V1NetworkPolicy>()) { HasGeneration = true, ShortNames = ["netpol"] },
        Lease, RuntimeClass, PriorityClass,
        new("rbac.authorization.k8s.io", "v1", "roles", "Role", true, FieldSchema.Of<V1Role>()),
        new("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", true, FieldSchema.Of<V1RoleBinding>()),
        new("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false, FieldSchema.Of<V1ClusterRole>()),
        new("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", false, FieldSchema.Of<V1ClusterRoleBinding>()),
        GatewayKinds.HttpRoute, GatewayKinds.Gateway,
    ];

    /// <summary>The kind behind a path or null.</summary>
    public static ResourceKind? Find(string group, string version, string plural) => All.FirstOrDefault(k => k.Group == group && k.Version == version && k.Plural == plural);

    /// <summary>The kind of an object or null.</summary>
    public static ResourceKind? OfObject(string? apiVersion, string? kind) => All.FirstOrDefault(k => k.ApiVersion == apiVersion && k.Kind == kind);
}

/// <summary>The kinds of the Gateway API that a cluster may have.</summary>
internal static class GatewayKinds
{
    private static readonly ScalarSchema Text = new(ScalarKind.Text);
    private static readonly ScalarSchema Whole = new(ScalarKind.Integer);
    private static readonly ScalarSchema Any = new(ScalarKind.Any);

    /// <summary>Routes of HTTP requests to services by weight.</summary>
    public static ResourceKind HttpRoute { get; } = new("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute", true, Route()) { HasStatus = true, HasGeneration = true, Extension = true };

    /// <summary>Entrances of a cluster.</summary>
    public static ResourceKind Gateway { get; } = new("gateway.networking.k8s.io", "v1", "gateways", "Gateway", true, Object("Gateway", new StructSchema("GatewaySpec")
        .Define("gatewayClassName", Text).Define("listeners", new ListSchema(Any, true, [])).Define("addresses", new ListSchema(Any, true, [])).Define("infrastructure", Any)))
    { HasStatus = true, HasGeneration = true, Extension = true, ShortNames = ["gtw"] };

    private static StructSchema Object(string name, StructSchema spec) => new StructSchema(name)
        .Define("apiVersion", Text).Define("kind", Text).Define("metadata", FieldSchema.Of<V1ObjectMeta>()).Define("spec", spec)
        .Define("status", new StructSchema(name + "Status").Define("parents", Atomic(Any)).Define("conditions", Atomic(Any)).Define("addresses", Atomic(Any)).Define("listeners", Atomic(Any)));

    private static StructSchema Route()
    {
        var reference = new StructSchema("ParentReference").Define("group", Text).Define("kind", Text).Define("namespace", Text).Define("name", Text).Define("sectionName", Text).Define("port", Whole);
        var filter = new StructSchema("HTTPRouteFilter").Define("type", Text).Define("requestHeaderModifier", Any).Define("responseHeaderModifier", Any).Define("requestMirror", Any)
            .Define("requestRedirect", Any).Define("urlRewrite", Any).Define("extensionRef", Any).Define("cors", Any);
        var backend = new StructSchema("HTTPBackendRef").Define("group", Text).Define("kind", Text).Define("namespace", Text).Define("name", Text).Define("port", Whole).Define("weight", Whole)
            .Define("filters", Atomic(filter));
        var match = new StructSchema("HTTPRouteMatch").Define("path", new StructSchema("HTTPPathMatch").Define("type", Text).Define("value", Text)).Define("method", Text)
            .Define("headers", Atomic(Any)).Define("queryParams", Atomic(Any));
        var rule = new StructSchema("HTTPRouteRule").Define("name", Text).Define("matches", Atomic(match)).Define("filters", Atomic(filter)).Define("backendRefs", Atomic(backend))
            .Define("timeouts", Any).Define("retry", Any).Define("sessionPersistence", Any);
        return Object("HTTPRoute", new StructSchema("HTTPRouteSpec").Define("parentRefs", Atomic(reference)).Define("hostnames", Atomic(Text)).Define("rules", Atomic(rule)));
    }

    private static ListSchema Atomic(FieldSchema element) => new(element, true, []);
}
