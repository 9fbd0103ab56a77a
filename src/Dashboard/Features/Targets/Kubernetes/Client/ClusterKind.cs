using System.Collections.Concurrent;
using System.Reflection;
using k8s;
using k8s.Models;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>A kind of objects: its names, and where in the API it is.</summary>
internal sealed record ClusterKind
{
    private static readonly ConcurrentDictionary<Type, ClusterKind> Known = new();

    /// <summary>The model.</summary>
    public required Type Type { get; init; }

    /// <summary>The API group; empty for the core.</summary>
    public required string Group { get; init; }

    /// <summary>The version in the group.</summary>
    public required string Version { get; init; }

    /// <summary>As objects name it, such as <c>Deployment</c>.</summary>
    public required string Name { get; init; }

    /// <summary>As paths and rights name it, such as <c>deployments</c>.</summary>
    public required string Plural { get; init; }

    /// <summary>As objects name group and version.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>Whether its objects are in namespaces.</summary>
    public bool IsNamespaced => Type != typeof(V1Node) && Type != typeof(V1Namespace);

    /// <summary>The kind of a model.</summary>
    /// <exception cref="ArgumentException">The type has no <see cref="KubernetesEntityAttribute"/>.</exception>
    public static ClusterKind Of(Type type) => Known.GetOrAdd(type, static type =>
    {
        var entity = type.GetCustomAttribute<KubernetesEntityAttribute>() ?? throw new ArgumentException($"{type.Name} is no kind of object.", nameof(type));
        return new() { Type = type, Group = entity.Group ?? "", Version = entity.ApiVersion, Name = entity.Kind, Plural = entity.PluralName };
    });

    /// <summary>The kind of a model.</summary>
    public static ClusterKind Of<T>()
        where T : IKubernetesObject<V1ObjectMeta> => Of(typeof(T));

    /// <summary>The path of an object, or of all objects of a namespace or of the cluster.</summary>
    /// <param name="space">The namespace; null for all.</param>
    /// <param name="name">The object; null for all.</param>
    /// <param name="part">A part such as <c>log</c>.</param>
    public string Path(string? space, string? name = null, string? part = null)
    {
        var path = Group.Length == 0 ? $"/api/{Version}" : $"/apis/{Group}/{Version}";
        if (IsNamespaced && space is not null)
        {
            path += $"/namespaces/{Segment(space)}";
        }

        path += $"/{Plural}";
        return name is null ? path : part is null ? $"{path}/{Segment(name)}" : $"{path}/{Segment(name)}/{part}";
    }

    // A name never becomes more than one step of a path, nor a way out of it.
    private static string Segment(string name) => name is "" or "." or ".." || name.AsSpan().IndexOfAnyInRange('\0', ' ') >= 0
        ? throw new ArgumentException("This is no name of an object.", nameof(name))
        : Uri.EscapeDataString(name);
}
