using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Data;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Targets.Pages.Clusters;

/// <summary>A cluster as its form shows it.</summary>
/// <param name="Id">The target's key.</param>
/// <param name="Revision">What a change is made against.</param>
/// <param name="RetiredAt">When it was taken out of use, or null.</param>
/// <param name="Form">Its settings.</param>
internal sealed record ClusterEntry(Guid Id, int Revision, DateTimeOffset? RetiredAt, ClusterForm Form);

/// <summary>What the pages of clusters do, in their own words: turns a form into settings and commands.</summary>
internal sealed class ClusterDesk(KubernetesTargetCommands commands, ClusterFactory factory, IDbContextFactory<RegistryDb> databases)
{
    /// <summary>Whether the configuration names a kubeconfig of this machine.</summary>
    public bool HasMachineKubeconfig => factory.Options.Kubeconfig.Count > 0;

    /// <summary>The contexts of a kubeconfig.</summary>
    public static Result<IReadOnlyList<KubeconfigContext>> ContextsOf(string kubeconfig)
    {
        var read = Kubeconfig.Parse(kubeconfig);
        return read.Succeeded ? Result.Of(read.Value.Contexts) : read.Failure;
    }

    /// <summary>A cluster by its name, or null.</summary>
    public async Task<ClusterEntry?> FindAsync(string name, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var target = await db.Targets.AsNoTracking().SingleOrDefaultAsync(t => t.Name == name && t.Kind == TargetKinds.Kubernetes, cancellation);
        return target is null ? null : new(target.Id, target.Revision, target.RetiredAt, FormOf(target));
    }

    /// <summary>Tries a cluster as it was filled in.</summary>
    public Task<Result<IReadOnlyList<ClusterCheck>>> TestAsync(Caller caller, Guid? id, ClusterForm form, IProgress<ClusterCheck> progress, CancellationToken cancellation) =>
        commands.TestAsync(caller, id, InputOf(form), progress, cancellation);

    /// <summary>Adds it.</summary>
    public async Task<Result> AddAsync(Caller caller, ClusterForm form, CancellationToken cancellation) =>
        await commands.AddAsync(caller, InputOf(form), cancellation: cancellation) is { Failure: { } failure } ? failure : Result.Done;

    /// <summary>Changes it.</summary>
    public Task<Result> ChangeAsync(Caller caller, Guid id, int revision, ClusterForm form, CancellationToken cancellation) =>
        commands.ChangeAsync(caller, id, revision, InputOf(form), cancellation: cancellation);

    /// <summary>Takes it out of use.</summary>
    public Task<Result> RetireAsync(Caller caller, ClusterEntry cluster, string? reason, CancellationToken cancellation) =>
        commands.RetireAsync(caller, cluster.Id, cluster.Revision, reason, cancellation);

    /// <summary>Takes it back into use.</summary>
    public Task<Result> RestoreAsync(Caller caller, ClusterEntry cluster, CancellationToken cancellation) => commands.RestoreAsync(caller, cluster.Id, null, cancellation);

    private static KubernetesTargetInput InputOf(ClusterForm form) => new()
    {
        Name = form.Name.Trim(),
        Environment = form.Environment,
        Kubeconfig = form.Kubeconfig,
        Settings = new()
        {
            Namespace = form.Namespace,
            InCluster = form.InCluster,
            MachineKubeconfig = form.MachineKubeconfig,
            Context = form.InCluster ? "" : form.Context,
            Registries = ListOf(form.Registries),
            RuntimeImage = form.Image,
            GpuRuntimeImage = form.GpuImage,
            NodeFilter = form.NodeLabels,
            AddsNodes = form.AddsNodes,
            Tolerations = ListOf(form.Tolerations),
            GpuTolerations = ListOf(form.GpuTolerations),
            RuntimeClass = form.RuntimeClass,
            GpuRuntimeClass = form.GpuRuntimeClass,
            PriorityClass = form.PriorityClass,
            Gateway = form.Gateway,
            GatewayNamespace = form.GatewayNamespace,
            Prometheus = form.Prometheus,
            CacheClaim = form.CacheClaim,
            PullSecrets = form.PullSecrets.Split(['\n', '\r', ',', ' '], StringSplitOptions.RemoveEmptyEntries),
        },
    };

    private static string[] ListOf(string text) => text.Split(['\n', '\r', ',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static ClusterForm FormOf(Target target)
    {
        KubernetesTargetSettings settings;
        try
        {
            settings = KubernetesTargetSettings.Read(target.SettingsJson);
        }
        catch (InvalidOperationException)
        {
            // They have to be entered anew, and the empty form says so.
            settings = new();
        }

        return new()
        {
            Name = target.Name,
            Environment = target.Environment,
            InCluster = settings.InCluster,
            MachineKubeconfig = settings.MachineKubeconfig,
            Context = settings.Context,
            Namespace = settings.Namespace,
            Registries = string.Join('\n', settings.Registries),
            Image = settings.RuntimeImage,
            GpuImage = settings.GpuRuntimeImage,
            NodeLabels = settings.NodeFilter,
            AddsNodes = settings.AddsNodes,
            Tolerations = string.Join('\n', settings.Tolerations),
            GpuTolerations = string.Join('\n', settings.GpuTolerations),
            RuntimeClass = settings.RuntimeClass,
            GpuRuntimeClass = settings.GpuRuntimeClass,
            PriorityClass = settings.PriorityClass,
            Gateway = settings.Gateway,
            GatewayNamespace = settings.GatewayNamespace,
            Prometheus = settings.Prometheus,
            CacheClaim = settings.CacheClaim,
            PullSecrets = string.Join(", ", settings.PullSecrets),
        };
    }
}
