using System.Text;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Data;

namespace Ops.Dashboard.Features.Targets.Pages.Clusters;

/// <summary>Adds a cluster or changes one, and tries the connection as often as wanted before.</summary>
public sealed partial class ClusterEditor : IDisposable
{
    private const long LargestKubeconfig = 1024 * 1024;
    private readonly List<ClusterCheck> checks = [];
    private ClusterForm form = new();
    private IReadOnlyList<KubeconfigContext> contexts = [];
    private CancellationTokenSource? run;
    private Failure? error;
    private string? fileProblem;
    private string? testProblem;
    private Guid? shown;
    private bool busy;
    private bool withNodes = true;

    /// <summary>The name of the target that is changed; null for a new one.</summary>
    [Parameter]
    public string? Existing { get; set; }

    /// <summary>Its key.</summary>
    [Parameter]
    public Guid? ExistingId { get; set; }

    /// <summary>What a change is made against.</summary>
    [Parameter]
    public int Revision { get; set; }

    /// <summary>What it is set to now.</summary>
    [Parameter]
    public ClusterForm? Initial { get; set; }

    /// <summary>Told the name once it is saved.</summary>
    [Parameter]
    public EventCallback<string> OnSaved { get; set; }

    [Inject]
    internal ClusterDesk Desk { get; set; } = default!;

    [Inject]
    internal CallerAccessor Callers { get; set; } = default!;

    [Inject]
    public required ToastService Toasts { get; init; }

    private bool HasMore => form.Gateway.Length > 0 || form.GpuImage.Length > 0 || form.Prometheus.Length > 0 || form.CacheClaim.Length > 0
        || new[] { ClusterFields.Gateway, ClusterFields.GpuImage, ClusterFields.Prometheus, ClusterFields.CacheClaim }.Any(f => ErrorOf(f) is not null);

    private string? ContextHelp => contexts.FirstOrDefault(c => c.Name == form.Context) is { } chosen ? $"Its API server is {chosen.Server}." : null;

    /// <inheritdoc/>
    public void Dispose() => run?.Cancel();

    /// <inheritdoc/>
    protected override void OnParametersSet()
    {
        if (Initial is not null && shown != ExistingId)
        {
            (form, shown) = (Initial, ExistingId);
        }
    }

    private async Task ReadFileAsync(InputFileChangeEventArgs change)
    {
        fileProblem = null;
        if (change.File.Size > LargestKubeconfig)
        {
            fileProblem = "A kubeconfig is not that large. Choose another file.";
            return;
        }

        using var reader = new StreamReader(change.File.OpenReadStream(LargestKubeconfig), Encoding.UTF8);
        form.Kubeconfig = await reader.ReadToEndAsync();
        ReadContexts();
    }

    private void ReadContexts()
    {
        error = null;
        contexts = [];
        if (form.Kubeconfig.Trim().Length == 0)
        {
            return;
        }

        var read = ClusterDesk.ContextsOf(form.Kubeconfig);
        if (read.Failure is { } unreadable)
        {
            error = unreadable with { Field = ClusterFields.Kubeconfig };
            return;
        }

        contexts = read.Value;
        form.Context = contexts.FirstOrDefault(c => c.Name == form.Context)?.Name ?? contexts.FirstOrDefault(c => c.IsCurrent)?.Name ?? (contexts is [var first, ..] ? first.Name : "");
        ChooseContext();
    }

    private void ChooseContext()
    {
        if (form.Namespace.Length == 0 && contexts.FirstOrDefault(c => c.Name == form.Context)?.Namespace is { } meant)
        {
            form.Namespace = meant;
        }
    }

    private Task TestAsync() => RunAsync(async (caller, cancellation) =>
    {
        var result = await Desk.TestAsync(caller, ExistingId, form, Report(), cancellation);
        error = result.Failure is { Field: not null } misplaced ? misplaced : null;
        testProblem = result.Failure is { Field: null } other ? other.Message : null;
        if (result.Succeeded)
        {
            checks.Clear();
            checks.AddRange(result.Value);
        }
    });

    private Task SaveAsync() => RunAsync(async (caller, cancellation) =>
    {
        var result = ExistingId is { } id ? await Desk.ChangeAsync(caller, id, Revision, form, cancellation) : await Desk.AddAsync(caller, form, cancellation);
        error = result.Failure;
        if (result.Succeeded)
        {
            // Nothing keeps what was entered to sign in with, once it is stored.
            form.Kubeconfig = "";
            contexts = [];
            Toasts.Done(Existing is null ? $"Cluster {form.Name} added." : $"{Existing} saved.");
            await OnSaved.InvokeAsync(Existing ?? form.Name.Trim());
        }
    });

    private async Task RunAsync(Func<Caller, CancellationToken, Task> work)
    {
        if (busy)
        {
            return;
        }

        (busy, error, testProblem) = (true, null, null);
        checks.Clear();
        using var mine = new CancellationTokenSource();
        run = mine;
        try
        {
            await work(await Callers.GetAsync(), mine.Token);
        }
        catch (OperationCanceledException) when (mine.IsCancellationRequested)
        {
            testProblem = "Stopped. Nothing was saved.";
        }
        finally
        {
            run = null;
            busy = false;
        }
    }

    private void Cancel() => run?.Cancel();

    private Direct Report() => new(check => _ = InvokeAsync(() =>
    {
        if (busy)
        {
            checks.Add(check);
            StateHasChanged();
        }
    }));

    private string? ErrorOf(string field) => error?.Field == field ? error.Message : null;

    // Not Progress<T>: that posts to whatever context it finds, and reports would arrive out of order.
    private sealed class Direct(Action<ClusterCheck> report) : IProgress<ClusterCheck>
    {
        public void Report(ClusterCheck value) => report(value);
    }
}
