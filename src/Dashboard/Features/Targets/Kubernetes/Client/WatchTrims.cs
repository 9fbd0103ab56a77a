using k8s;
using k8s.Models;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>Takes out of objects what nobody here reads, so that thousands of them stay small.</summary>
internal static class WatchTrims
{
    /// <summary>Who has set which fields; only of objects that we apply is it looked at.</summary>
    public static void Fields(IKubernetesObject<V1ObjectMeta> item) => item.Metadata.ManagedFields = null;

    /// <summary>Of a pod of ours.</summary>
    public static void Pod(IKubernetesObject<V1ObjectMeta> item) => Fields(item);

    /// <summary>Of a node: the list of its images is most of it.</summary>
    public static void Node(IKubernetesObject<V1ObjectMeta> item)
    {
        Fields(item);
        if (item is V1Node { Status: { } status })
        {
            status.Images = null;
        }
    }

    /// <summary>Of somebody else's pod, of which only what it takes of its node matters, and nothing else is kept.</summary>
    public static void ForeignPod(IKubernetesObject<V1ObjectMeta> item)
    {
        Fields(item);
        (item.Metadata.Annotations, item.Metadata.OwnerReferences) = (null, null);
        if (item is V1Pod pod)
        {
            pod.Spec.Volumes = null;
            pod.Status = new() { Phase = pod.Status?.Phase };
            foreach (var container in pod.Spec.Containers.Concat(pod.Spec.InitContainers ?? []))
            {
                (container.Env, container.EnvFrom, container.VolumeMounts, container.Command, container.Args) = (null, null, null, null, null);
                (container.LivenessProbe, container.ReadinessProbe, container.StartupProbe, container.Lifecycle) = (null, null, null, null);
            }
        }
    }
}
