using Microsoft.Extensions.Options;
using Ops.Data;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>Makes what speaks to a cluster, from what a target says of it.</summary>
internal sealed class ClusterFactory(InClusterAccess inside, IOptions<KubernetesOptions> options, TimeProvider time)
{
    /// <summary>What is allowed, and limits.</summary>
    public KubernetesOptions Options => options.Value;

    /// <summary>The kubeconfig of the machine, from the files that the configuration names.</summary>
    public Result<Kubeconfig> MachineKubeconfig()
    {
        try
        {
            var files = options.Value.Kubeconfig.Where(File.Exists).ToList();
            return options.Value.Kubeconfig.Count == 0
                ? Failure.Invalid($"This dashboard has no kubeconfig of its own ({KubernetesOptions.Section}:{nameof(KubernetesOptions.Kubeconfig)}). Upload one.", "kubeconfig")
                : files.Count == 0 ? Failure.Unavailable($"No kubeconfig of this dashboard ({KubernetesOptions.Section}:{nameof(KubernetesOptions.Kubeconfig)}) is there.")
                : Kubeconfig.Join(files.Select(p => (File.ReadAllText(p), Path.GetDirectoryName(p))));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Failure.Unavailable("A kubeconfig of this dashboard cannot be read.");
        }
    }

    /// <summary>Reads how the cluster is reached.</summary>
    /// <param name="settings">What the target says.</param>
    /// <param name="kubeconfig">The kubeconfig that was uploaded, or null.</param>
    public Result<ClusterAccess> MakeAccess(KubernetesTargetSettings settings, string? kubeconfig)
    {
        if (settings.InCluster)
        {
            return inside.Make();
        }

        if (!settings.MachineKubeconfig && string.IsNullOrWhiteSpace(kubeconfig))
        {
            return Failure.Invalid("Upload a kubeconfig, or choose the cluster that the dashboard runs in.", "kubeconfig");
        }

        var config = settings.MachineKubeconfig ? MachineKubeconfig() : Kubeconfig.Parse(kubeconfig);
        if (!config.Succeeded)
        {
            return config.Failure;
        }

        var choice = config.Value.Choose(settings.Context);
        return choice.Succeeded ? KubeconfigAccess.Make(choice.Value, options.Value, time) : choice.Failure;
    }

    /// <summary>Makes the client; it does not own the access.</summary>
    public ClusterApi MakeApi(ClusterAccess access)
    {
        var http = new HttpClient(access.CreateHandler())
        {
            BaseAddress = access.Server,
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = System.Net.HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        http.DefaultRequestHeaders.UserAgent.ParseAdd("ops-dashboard/1.0");
        http.DefaultRequestHeaders.Accept.ParseAdd("application/json");
        http.DefaultRequestHeaders.Accept.ParseAdd("*/*;q=0.5");
        return new(new ClusterSender(http, options.Value, time));
    }
}
