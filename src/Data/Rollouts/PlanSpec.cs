using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Ops.Data.Targets;

namespace Ops.Data.Rollouts;

/// <summary>What an endpoint should become. Sealed: its canonical JSON is hashed, and every decision is about that hash.</summary>
public sealed record PlanSpec
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(allowIntegerValues: false) },
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        AllowDuplicateProperties = false,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { LeaveOutWhatIsNew } },
    };

    /// <summary>The layout of this record; raised when a field changes its meaning.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>The endpoint's key.</summary>
    public required Guid EndpointId { get; init; }

    /// <summary>The endpoint's name.</summary>
    public required string Endpoint { get; init; }

    /// <summary>The target's key.</summary>
    public required Guid TargetId { get; init; }

    /// <summary>The target's name.</summary>
    public required string Target { get; init; }

    /// <summary>The target's environment when the plan was sealed.</summary>
    public required TargetEnvironment Environment { get; init; }

    /// <summary>The model's name, also the name it is served under.</summary>
    public required string Model { get; init; }

    /// <summary>The version's key.</summary>
    public required Guid VersionId { get; init; }

    /// <summary>The version's number.</summary>
    public required int Version { get; init; }

    /// <summary>The version's digest; a runtime that finds other bytes refuses to load.</summary>
    public required string VersionDigest { get; init; }

    /// <summary>The name of the runtime in the catalogue.</summary>
    public string Runtime { get; init; } = "ops-runtime";

    /// <summary>The nodes it may run on, by name, in ordinal order; empty means any.</summary>
    public IReadOnlyList<string> Nodes { get; init; } = [];

    /// <summary>How many replicas, 1 to 64.</summary>
    public required int Replicas { get; init; }

    /// <summary>What each replica gets.</summary>
    public PlanResources Resources { get; init; } = new();

    /// <summary>Environment variables of each replica, in ordinal order of their names.</summary>
    public IReadOnlyDictionary<string, string> EnvironmentVariables { get; init; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>How to get there.</summary>
    public PlanStrategy Strategy { get; init; } = new();

    /// <summary>Whether clients of the endpoint must send a token.</summary>
    public bool RequiresToken { get; init; }

    /// <summary>What only a Kubernetes cluster needs to know; null on other targets.</summary>
    public PlanKubernetes? Kubernetes { get; init; }

    /// <summary>The JSON that is stored and hashed: properties in declared order, names and variables sorted, no spaces.</summary>
    public string ToCanonicalJson() => JsonSerializer.Serialize(
        this with
        {
            Nodes = [.. Nodes.Order(StringComparer.Ordinal)],
            EnvironmentVariables = Sorted(EnvironmentVariables),
            Kubernetes = Kubernetes is null ? null : Kubernetes with { NodeSelector = Sorted(Kubernetes.NodeSelector), NodeFilter = Sorted(Kubernetes.NodeFilter) },
        },
        Json);

    /// <summary>Reads what <see cref="ToCanonicalJson"/> wrote. Throws <see cref="JsonException"/> for anything else.</summary>
    public static PlanSpec Parse(string json) =>
        JsonSerializer.Deserialize<PlanSpec>(json, Json) ?? throw new JsonException("A plan cannot be null.");

    /// <summary>SHA-256 (lower-case hex) of canonical JSON.</summary>
    public static string HashOf(string canonicalJson) =>
        Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(canonicalJson)));

    private static SortedDictionary<string, string> Sorted(IReadOnlyDictionary<string, string> pairs) => new(pairs.ToDictionary(), StringComparer.Ordinal);

    // A plan without steps has the text, and so the hash, that it had before there were any.
    private static void LeaveOutWhatIsNew(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            property.ShouldSerialize = (type.Type.Name, property.Name) switch
            {
                (nameof(PlanSpec), "kubernetes") => (_, value) => value is not null,
                (nameof(PlanKubernetes), "nodeFilter" or "tolerations") => (_, value) => value is not System.Collections.ICollection { Count: 0 },
                (nameof(PlanKubernetes), "runtimeClass" or "priorityClass" or "cacheClaim") => (_, value) => value is not null,
                (nameof(PlanKubernetes), "diskMiB") => (_, value) => value is not 0L,
                (nameof(PlanStrategy), "steps" or "gates") => (_, value) => value is not System.Collections.ICollection { Count: 0 },
                (nameof(PlanStrategy), "rollBackOnFailure") => (_, value) => value is true,
                (nameof(PlanStrategy), "keepOldSeconds") => (_, value) => value is not 0,
                _ => property.ShouldSerialize,
            };
        }
    }
}

/// <summary>What each replica gets.</summary>
public sealed record PlanResources
{
    /// <summary>CPU threads the engine may use.</summary>
    public int CpuThreads { get; init; } = 1;

    /// <summary>The most memory in MiB; a replica above it is stopped and started anew.</summary>
    public int MemoryMiB { get; init; } = 512;

    /// <summary>Whole GPUs.</summary>
    public int Gpus { get; init; }
}
