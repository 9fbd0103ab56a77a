namespace Ops.Dashboard.Features.Targets.Pages.Clusters;

/// <summary>Names of the fields of a cluster's form in failures.</summary>
internal static class ClusterFields
{
    public const string Name = "name";
    public const string Kubeconfig = "kubeconfig";
    public const string Context = "context";
    public const string Namespace = "namespace";
    public const string Registries = "registries";
    public const string Image = "image";
    public const string GpuImage = "gpuImage";
    public const string NodeLabels = "nodeLabels";
    public const string Tolerations = "tolerations";
    public const string GpuTolerations = "gpuTolerations";
    public const string RuntimeClass = "runtimeClass";
    public const string GpuRuntimeClass = "gpuRuntimeClass";
    public const string PriorityClass = "priorityClass";
    public const string Gateway = "gateway";
    public const string Prometheus = "prometheus";
    public const string PullSecrets = "pullSecrets";
    public const string CacheClaim = "cacheClaim";
}
