using k8s;
using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>The rights the dashboard uses in a cluster, as something that its administrator can apply. Pure.</summary>
internal static class RbacManifest
{
    /// <summary>The account and its roles.</summary>
    private const string Name = "ops-dashboard";

    private const string NodesName = "ops-dashboard-nodes";
    private const string Rbac = "rbac.authorization.k8s.io";

    /// <summary>For a dashboard that signs in from elsewhere: an account in the target's namespace, with its rights there and, if wanted, those to nodes.</summary>
    /// <param name="targetNamespace">The namespace; a name that is none yet stands as it was typed.</param>
    /// <param name="withNodes">Whether nodes may be read: without it, nodes cannot be seen and picked.</param>
    public static string For(string targetNamespace, bool withNodes)
    {
        var place = targetNamespace.Trim().Length == 0 ? "models" : targetNamespace.Trim();
        IKubernetesObject<V1ObjectMeta> account = new V1ServiceAccount { ApiVersion = "v1", Kind = "ServiceAccount", Metadata = new() { Name = Name, NamespaceProperty = place } };
        return ObjectYaml.Write([account, .. InNamespace(place, place), .. withNodes ? OnCluster(place) : []]);
    }

    /// <summary>The rights in a target's namespace.</summary>
    /// <param name="targetNamespace">Where models are served.</param>
    /// <param name="accountNamespace">Where the account is.</param>
    public static IReadOnlyList<IKubernetesObject<V1ObjectMeta>> InNamespace(string targetNamespace, string accountNamespace) =>
    [
        new V1Role
        {
            ApiVersion = $"{Rbac}/v1",
            Kind = "Role",
            Metadata = new() { Name = Name, NamespaceProperty = targetNamespace },
            Rules = Rules([.. ClusterRights.InNamespace, ClusterRights.Routes]),
        },
        new V1RoleBinding
        {
            ApiVersion = $"{Rbac}/v1",
            Kind = "RoleBinding",
            Metadata = new() { Name = Name, NamespaceProperty = targetNamespace },
            RoleRef = new() { ApiGroup = Rbac, Kind = "Role", Name = Name },
            Subjects = [Account(accountNamespace)],
        },
    ];

    /// <summary>The rights to read nodes, and what takes room on them.</summary>
    /// <param name="accountNamespace">Where the account is.</param>
    public static IReadOnlyList<IKubernetesObject<V1ObjectMeta>> OnCluster(string accountNamespace) =>
    [
        new V1ClusterRole
        {
            ApiVersion = $"{Rbac}/v1",
            Kind = "ClusterRole",
            Metadata = new() { Name = NodesName },
            Rules = Rules(ClusterRights.OnCluster),
        },
        new V1ClusterRoleBinding
        {
            ApiVersion = $"{Rbac}/v1",
            Kind = "ClusterRoleBinding",
            Metadata = new() { Name = $"{NodesName}-{accountNamespace}" },
            RoleRef = new() { ApiGroup = Rbac, Kind = "ClusterRole", Name = NodesName },
            Subjects = [Account(accountNamespace)],
        },
    ];

    private static Rbacv1Subject Account(string accountNamespace) => new() { Kind = "ServiceAccount", Name = Name, NamespaceProperty = accountNamespace };

    // One rule for all resources of a group that may be used alike.
    private static List<V1PolicyRule> Rules(IReadOnlyList<ClusterRight> rights) =>
    [
        .. rights.GroupBy(r => (r.Group, Verbs: string.Join(',', r.Verbs))).Select(alike => new V1PolicyRule
        {
            ApiGroups = [alike.Key.Group],
            Resources = [.. alike.Select(r => r.Resource)],
            Verbs = [.. alike.First().Verbs],
        }),
    ];
}
