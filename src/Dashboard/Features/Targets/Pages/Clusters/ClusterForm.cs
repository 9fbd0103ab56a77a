using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Targets.Pages.Clusters;

/// <summary>What an administrator has filled in about a cluster so far.</summary>
public sealed class ClusterForm
{
    /// <summary>The target's name.</summary>
    public string Name { get; set; } = "";

    /// <summary>What it is for.</summary>
    public TargetEnvironment Environment { get; set; } = TargetEnvironment.Dev;

    /// <summary>Whether the dashboard runs in the cluster and uses its own account there.</summary>
    public bool InCluster { get; set; }

    /// <summary>Whether the kubeconfig is the one that the configuration of the dashboard names.</summary>
    public bool MachineKubeconfig { get; set; }

    /// <summary>The kubeconfig as text; empty to keep the one that is stored.</summary>
    public string Kubeconfig { get; set; } = "";

    /// <summary>The context of it.</summary>
    public string Context { get; set; } = "";

    /// <summary>The namespace.</summary>
    public string Namespace { get; set; } = "";

    /// <summary>Registries that images may come from, one a line.</summary>
    public string Registries { get; set; } = "";

    /// <summary>The runtime's image by digest.</summary>
    public string Image { get; set; } = "";

    /// <summary>The runtime's image for replicas with GPUs, by digest; empty for <see cref="Image"/>.</summary>
    public string GpuImage { get; set; } = "";

    /// <summary>Labels of the nodes that are shown and used, as <c>name=value</c>, separated by commas.</summary>
    public string NodeLabels { get; set; } = "";

    /// <summary>Whether the cluster adds nodes when pods find no room.</summary>
    public bool AddsNodes { get; set; }

    /// <summary>Taints that all pods put up with, one a line.</summary>
    public string Tolerations { get; set; } = "";

    /// <summary>Taints that pods with GPUs put up with besides, one a line.</summary>
    public string GpuTolerations { get; set; } = "";

    /// <summary>The RuntimeClass of pods.</summary>
    public string RuntimeClass { get; set; } = "";

    /// <summary>The RuntimeClass of pods with GPUs; empty for <see cref="RuntimeClass"/>.</summary>
    public string GpuRuntimeClass { get; set; } = "";

    /// <summary>The PriorityClass of pods.</summary>
    public string PriorityClass { get; set; } = "";

    /// <summary>The namespace of the gateway.</summary>
    public string GatewayNamespace { get; set; } = "";

    /// <summary>The gateway that routes hang on.</summary>
    public string Gateway { get; set; } = "";

    /// <summary>Where Prometheus answers.</summary>
    public string Prometheus { get; set; } = "";

    /// <summary>Secrets with which nodes sign in to registries, separated by commas.</summary>
    public string PullSecrets { get; set; } = "";

    /// <summary>The claim that pods keep versions in.</summary>
    public string CacheClaim { get; set; } = "";
}
