using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Ops.Testing.Kubernetes;

/// <summary>What kind of value a scalar field takes.</summary>
internal enum ScalarKind
{
    /// <summary>Text, also times.</summary>
    Text,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>Any number.</summary>
    Number,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>An amount such as <c>500m</c> or <c>2Gi</c>, kept in its canonical form.</summary>
    Quantity,

    /// <summary>A whole number or text, such as <c>25%</c>.</summary>
    IntegerOrText,

    /// <summary>Anything at all.</summary>
    Any,
}

/// <summary>The type of a field of a Kubernetes object, with what server-side apply has to know of it: how lists and maps merge.</summary>
internal abstract partial class FieldSchema
{
    private static readonly ConcurrentDictionary<Type, StructSchema> Structs = new();

    // x-kubernetes-list-type map or set and x-kubernetes-map-type atomic of the published OpenAPI document (Kubernetes 1.36) for the kinds served here; every other list is atomic.
    private static readonly Dictionary<string, string> Lists = new(StringComparer.Ordinal)
    {
        ["DeploymentStatus.conditions"] = "type",
        ["ReplicaSetStatus.conditions"] = "type",
        ["HorizontalPodAutoscalerStatus.conditions"] = "type",
        ["PodDisruptionBudgetStatus.conditions"] = "type",
        ["NamespaceStatus.conditions"] = "type",
        ["NodeStatus.conditions"] = "type",
        ["NodeStatus.addresses"] = "type",
        ["NodeSpec.podCIDRs"] = "",
        ["PodStatus.conditions"] = "type",
        ["PodStatus.podIPs"] = "ip",
        ["Container.env"] = "name",
        ["Container.ports"] = "containerPort,protocol",
        ["Container.volumeDevices"] = "devicePath",
        ["Container.volumeMounts"] = "mountPath",
        ["ContainerStatus.volumeMounts"] = "mountPath",
        ["ContainerStatus.allocatedResourcesStatus"] = "name",
        ["ResourceRequirements.claims"] = "name",
        ["PodSpec.containers"] = "name",
        ["PodSpec.initContainers"] = "name",
        ["PodSpec.ephemeralContainers"] = "name",
        ["PodSpec.hostAliases"] = "ip",
        ["PodSpec.imagePullSecrets"] = "name",
        ["PodSpec.resourceClaims"] = "name",
        ["PodSpec.schedulingGates"] = "name",
        ["PodSpec.topologySpreadConstraints"] = "topologyKey,whenUnsatisfiable",
        ["PodSpec.volumes"] = "name",
        ["ServiceAccount.secrets"] = "name",
        ["ServiceSpec.ports"] = "port,protocol",
        ["ServiceStatus.conditions"] = "type",
        ["ObjectMeta.finalizers"] = "",
        ["ObjectMeta.ownerReferences"] = "uid",
    };

    private static readonly HashSet<string> AtomicStructs = new(StringComparer.Ordinal)
    {
        "ConfigMapKeySelector", "EndpointAddress", "EndpointPort", "FileKeySelector", "LabelSelector", "LocalObjectReference", "NodeSelector", "NodeSelectorTerm",
        "ObjectFieldSelector", "ObjectReference", "OwnerReference", "ResourceFieldSelector", "ScopeSelector", "SecretKeySelector", "TypedLocalObjectReference",
    };

    private static readonly HashSet<string> AtomicMaps = new(StringComparer.Ordinal) { "PodSpec.nodeSelector", "ServiceSpec.selector" };

    /// <summary>The schema of a model of the Kubernetes client library.</summary>
    public static StructSchema Of<TModel>() => OfModel(typeof(TModel));

    private static StructSchema OfModel(Type model)
    {
        if (Structs.TryGetValue(model, out var known))
        {
            return known;
        }

        // Added before its fields are read, since JSON schema types refer to themselves.
        var name = VersionPrefix().Replace(model.Name, "");
        var schema = new StructSchema(name, AtomicStructs.Contains(name));
        if (!Structs.TryAdd(model, schema))
        {
            return Structs[model];
        }

        foreach (var property in model.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name is { } field)
            {
                schema.Define(field, () => OfProperty($"{name}.{field}", property.PropertyType));
            }
        }

        return schema;
    }

    private static FieldSchema OfProperty(string path, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string) || type == typeof(DateTime) || type == typeof(DateTimeOffset) || type == typeof(byte[]))
        {
            return new ScalarSchema(ScalarKind.Text);
        }

        if (type == typeof(int) || type == typeof(long))
        {
            return new ScalarSchema(ScalarKind.Integer);
        }

        if (type == typeof(double))
        {
            return new ScalarSchema(ScalarKind.Number);
        }

        if (type == typeof(bool))
        {
            return new ScalarSchema(ScalarKind.Boolean);
        }

        if (type.Name.EndsWith("ResourceQuantity", StringComparison.Ordinal))
        {
            return new ScalarSchema(ScalarKind.Quantity);
        }

        if (type.Name.EndsWith("IntOrString", StringComparison.Ordinal))
        {
            return new ScalarSchema(ScalarKind.IntegerOrText);
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() is var generic)
        {
            if (generic == typeof(IDictionary<,>) || generic == typeof(Dictionary<,>))
            {
                return new MapSchema(OfProperty(path + ".*", type.GetGenericArguments()[1]), AtomicMaps.Contains(path));
            }

            if (generic == typeof(IList<>) || generic == typeof(List<>))
            {
                var keys = Lists.TryGetValue(path, out var found) ? found : null;
                return new ListSchema(OfProperty(path + "[]", type.GetGenericArguments()[0]), keys is null, keys is { Length: > 0 } ? keys.Split(',') : []);
            }
        }

        return type.Namespace == "k8s.Models" ? OfModel(type) : new ScalarSchema(ScalarKind.Any);
    }

    [GeneratedRegex("^(Core|Discovery|Events|Authentication|Storage|Flowcontrol|Admissionregistration|Apiextensions)?[vV][0-9]+((alpha|beta)[0-9]+)?")]
    private static partial Regex VersionPrefix();
}

/// <summary>A value without parts.</summary>
internal sealed class ScalarSchema(ScalarKind kind) : FieldSchema
{
    /// <summary>What it takes.</summary>
    public ScalarKind Kind => kind;
}

/// <summary>An object with named fields.</summary>
internal sealed class StructSchema(string name, bool atomic = false) : FieldSchema
{
    private readonly Dictionary<string, Lazy<FieldSchema>> fields = new(StringComparer.Ordinal);

    /// <summary>The type's name in the API, without its version.</summary>
    public string Name => name;

    /// <summary>Owned and replaced as a whole.</summary>
    public bool Atomic => atomic;

    /// <summary>The names of the fields.</summary>
    public IEnumerable<string> FieldNames => fields.Keys;

    /// <summary>Adds a field.</summary>
    public StructSchema Define(string field, Func<FieldSchema> schema)
    {
        fields[field] = new Lazy<FieldSchema>(schema);
        return this;
    }

    /// <summary>Adds a field.</summary>
    public StructSchema Define(string field, FieldSchema schema) => Define(field, () => schema);

    /// <summary>A field's type; null for a field the type has not.</summary>
    public FieldSchema? Find(string field) => fields.TryGetValue(field, out var schema) ? schema.Value : null;
}

/// <summary>An object with free keys.</summary>
internal sealed class MapSchema(FieldSchema element, bool atomic = false) : FieldSchema
{
    /// <summary>The type of each value.</summary>
    public FieldSchema Element => element;

    /// <summary>Owned and replaced as a whole.</summary>
    public bool Atomic => atomic;
}

/// <summary>A list: atomic, a set of scalars (no keys), or objects merged by their keys.</summary>
internal sealed class ListSchema(FieldSchema element, bool atomic, string[] keys) : FieldSchema
{
    /// <summary>The type of each item.</summary>
    public FieldSchema Element => element;

    /// <summary>Owned and replaced as a whole.</summary>
    public bool Atomic => atomic;

    /// <summary>The fields that tell items apart; empty for a set.</summary>
    public IReadOnlyList<string> Keys => keys;
}
