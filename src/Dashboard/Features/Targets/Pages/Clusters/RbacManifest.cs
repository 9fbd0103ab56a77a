using System.Text;

namespace Ops.Dashboard.Features.Targets.Pages.Clusters;

/// <summary>The rights the dashboard needs in a cluster, as something an administrator of the cluster can apply. Pure.</summary>
internal static class RbacManifest
{
    /// <summary>The account, its role in the namespace and, if wanted, the right to read nodes.</summary>
    /// <param name="targetNamespace">The namespace; a name that is none yet stands as it was typed.</param>
    /// <param name="withNodes">Whether nodes may be read: without it, nodes cannot be seen and picked.</param>
    public static string For(string targetNamespace, bool withNodes)
    {
        var place = targetNamespace.Trim().Length == 0 ? "models" : targetNamespace.Trim();
        StringBuilder yaml = new();
        yaml.AppendLine(
            $"""
            apiVersion: v1
            kind: ServiceAccount
            metadata:
              name: ops-dashboard
              namespace: {place}
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata:
              name: ops-dashboard
              namespace: {place}
            rules:
              - apiGroups: [apps]
                resources: [deployments]
                verbs: [get, list, watch, create, patch, delete]
              - apiGroups: [apps]
                resources: [replicasets]
                verbs: [get, list, watch]
              - apiGroups: [""]
                resources: [services, serviceaccounts, secrets, configmaps]
                verbs: [get, list, watch, create, patch, delete]
              - apiGroups: [""]
                resources: [events]
                verbs: [get, list, watch]
              - apiGroups: [""]
                resources: [pods]
                verbs: [get, list, watch, delete]
              - apiGroups: [""]
                resources: [pods/log, pods/proxy]
                verbs: [get, create]
              - apiGroups: [policy]
                resources: [poddisruptionbudgets]
                verbs: [get, list, watch, create, patch, delete]
              - apiGroups: [networking.k8s.io]
                resources: [networkpolicies]
                verbs: [get, list, watch, create, patch, delete]
              - apiGroups: [autoscaling]
                resources: [horizontalpodautoscalers]
                verbs: [get, list, watch, create, patch, delete]
              - apiGroups: [gateway.networking.k8s.io]
                resources: [httproutes]
                verbs: [get, list, watch, create, patch, delete]
              - apiGroups: [coordination.k8s.io]
                resources: [leases]
                verbs: [get, create, update, patch]
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata:
              name: ops-dashboard
              namespace: {place}
            roleRef:
              apiGroup: rbac.authorization.k8s.io
              kind: Role
              name: ops-dashboard
            subjects:
              - kind: ServiceAccount
                name: ops-dashboard
                namespace: {place}
            """);
        if (withNodes)
        {
            yaml.AppendLine(
                $"""
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: ClusterRole
                metadata:
                  name: ops-dashboard-nodes
                rules:
                  - apiGroups: [""]
                    resources: [nodes, pods]
                    verbs: [get, list, watch]
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: ClusterRoleBinding
                metadata:
                  name: ops-dashboard-nodes-{place}
                roleRef:
                  apiGroup: rbac.authorization.k8s.io
                  kind: ClusterRole
                  name: ops-dashboard-nodes
                subjects:
                  - kind: ServiceAccount
                    name: ops-dashboard
                    namespace: {place}
                """);
        }

        return yaml.ToString();
    }
}
