using Bunit;
using k8s.Models;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Rollouts;
using Ops.Dashboard.Features.Rollouts.Pages;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Dashboard.Features.Targets.Kubernetes.Watching;
using Ops.Dashboard.Features.Targets.Pages;
using Ops.Dashboard.Tests.Features.Targets.Kubernetes;

namespace Ops.Dashboard.ComponentTests.Features.Rollouts;

/// <summary>What the cluster says of replicas that do not come up or load, and what the rollout page makes of it.</summary>
public sealed class ReplicaFailuresTests
{
    private static readonly DateTime Start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly V1ContainerState Backing = new() { Waiting = new() { Reason = "CrashLoopBackOff" } };

    private static readonly Dictionary<string, (Action<FakeCluster> Happens, string Said)> Failures = new()
    {
        ["image"] = (
            c => Pod(c, server: new() { State = new() { Waiting = new() { Reason = "ImagePullBackOff", Message = "failed to resolve reference: not found" } } }),
            "Its image cannot be fetched: it is not there."),
        ["crash"] = (
            c => Pod(c, server: new() { RestartCount = 4, State = Backing, LastState = new() { Terminated = new() { ExitCode = 2, Message = "one\ntwo\nthree\nno such operator\n" } } }),
            "It ends again and again (4 times so far). It ended with exit code 2: two / three / no such operator."),
        ["memory"] = (
            c => Pod(c, server: new() { RestartCount = 1, State = Backing, LastState = new() { Terminated = new() { ExitCode = 137, Reason = "OOMKilled" } } }),
            "It used more memory than the plan gives it and was killed. Give it more memory, or a smaller batch."),
        ["unschedulable"] = (
            c => Pod(c, change: p =>
            {
                p.Spec.NodeName = null;
                p.Status.Conditions = [new() { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = "0/5 nodes are available: 5 Insufficient nvidia.com/gpu." }];
            }),
            "5 have too little nvidia.com/gpu left"),
        ["quota"] = (
            c => c.Show(Deployment("pods \"digits\" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=1, used: 4, limited: 4")),
            "because the namespace's quota is used up: gpus, requested: requests.nvidia.com/gpu=1, used: 4, limited: 4."),
        ["probe"] = (
            c => Pod(
                c,
                server: new() { Started = true, State = new() { Running = new() { StartedAt = Start } } },
                change: p => p.Status.Conditions = [new() { Type = "PodScheduled", Status = "True" }, new() { Type = "Ready", Status = "False", LastTransitionTime = Start.AddMinutes(1) }]),
            "It runs, and its check for readiness fails: it gets no requests."),
        ["altered"] = (
            c => Pod(c, fetch: new() { State = new() { Terminated = new() { ExitCode = 65, Message = "model.onnx does not match its SHA-256" } } }),
            "The files are not the ones that were approved: their SHA-256 differs. Nothing of them is started: model.onnx does not match its SHA-256."),
    };

    public static TheoryData<string> Names => [.. Failures.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Page_ReplicaThatFails_SaysWhatOnlyThisFailureGives(string failure)
    {
        await using var pages = await PagesContext.CreateAsync("operator");
        var (page, replica) = await ShowAsync(pages, failure == "quota" ? "digits-00000001-missing" : "digits-1", Failures[failure].Happens);

        page.WaitForAssertion(() => Assert.Contains(Failures[failure].Said, page.Find(".replica-chip .replica-reason").TextContent, StringComparison.Ordinal));
        var panel = page.Find($"section[aria-label='Replica {replica.Id}']");
        Assert.Contains(Failures[failure].Said, panel.QuerySelector(".notice-title")!.TextContent, StringComparison.Ordinal);
        Assert.All(Failures.Where(f => f.Key != failure), other => Assert.DoesNotContain(other.Value.Said, page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Page_ReplicaWithGpus_NamesThemOnItsChipAndInItsPanel()
    {
        await using var pages = await PagesContext.CreateAsync("operator");
        var (page, _) = await ShowAsync(pages, "digits-1", c =>
        {
            c.Show(new V1Node { Kind = "Node", Metadata = new() { Name = "gpu-1", Labels = new Dictionary<string, string> { ["nvidia.com/gpu.product"] = "NVIDIA-A100-SXM4-40GB" } } });
            Pod(c, server: new() { Ready = true, RestartCount = 2, State = new() { Running = new() { StartedAt = Start } } }, change: p =>
                p.Spec.Containers = [new() { Name = "server", Resources = new() { Limits = new Dictionary<string, ResourceQuantity> { ["nvidia.com/gpu"] = new("2") } } }]);
        });

        page.WaitForAssertion(() => Assert.Equal("2 × nvidia.com/gpu (NVIDIA-A100-SXM4-40GB)", page.Find(".replica-chip .replica-fact").TextContent.Trim()));
        Assert.Contains("2 restarts", page.Find(".replica-chip").TextContent, StringComparison.Ordinal);
        Assert.Contains("GPUs2 × nvidia.com/gpu (NVIDIA-A100-SXM4-40GB)", page.Find("section[aria-label='Replica digits-1']").TextContent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("download", 300, 400, "Download")]
    [InlineData("files", 100, 400, "Files verified")]
    public void Column_BytesOfAKnownTotal_AreABar(string step, long done, long total, string label)
    {
        using var context = new Components.ControlsContext();
        var column = Column(context, Loading(new(step, done, total)));

        var meter = column.Find(".replica-chip [role=meter]");
        Assert.Equal((label, $"{done * 100 / total}"), (meter.GetAttribute("aria-label"), meter.GetAttribute("aria-valuenow")));
    }

    [Theory]
    [InlineData("session", 0, 0, "The engine reads and optimizes the model · for ")]
    [InlineData("warm-up", 1, 3, "Warm-up, run 2 of 3 · for ")]
    [InlineData(null, 0, 0, "for ")]
    public async Task Column_StepWithoutAKnownTotal_IsNamedWithTheTimeSoFar(string? step, long done, long total, string expected)
    {
        await using var context = new Components.ControlsContext();
        var replica = Loading(step is null ? null : new(step, done, total)) with { LoadingSince = context.Time.GetUtcNow() - TimeSpan.FromSeconds(75) };
        var column = Column(context, replica);

        Assert.Empty(column.FindAll("[role=meter]"));
        Assert.Equal($"{expected}{Ops.Dashboard.Components.Controls.Format.Duration(TimeSpan.FromSeconds(75))}", column.Find(".replica-step").TextContent);
        context.Time.Advance(TimeSpan.FromSeconds(10));
        column.WaitForAssertion(() => Assert.Equal($"{expected}{Ops.Dashboard.Components.Controls.Format.Duration(TimeSpan.FromSeconds(85))}", column.Find(".replica-step").TextContent));
    }

    [Theory]
    [InlineData("gpu-1", "gpu-1")]
    [InlineData("", "no node yet")]
    public void Column_Chip_NamesNodeRestartsAndReason(string node, string expected)
    {
        using var context = new Components.ControlsContext();
        var column = Column(context, new() { Id = "r", PlanId = Guid.Empty, Node = node, Phase = ReplicaPhase.Failed, Restarts = 1, Reason = "It ended.", Next = "It is tried again." });

        Assert.Equal(expected, column.Find(".replica-chip [title=Node]").TextContent);
        Assert.Contains("1 restart", column.Find(".replica-chip").TextContent, StringComparison.Ordinal);
        Assert.Equal("It ended. It is tried again.", column.Find(".replica-reason").TextContent);
    }

    private static IRenderedComponent<ReplicaColumn> Column(BunitContext context, ReplicaObservation replica) => context.Render<ReplicaColumn>(p => p
        .Add(c => c.Title, "New").Add(c => c.Empty, "").Add(c => c.ShowNode, true).Add(c => c.HrefOf, _ => "").Add(c => c.Replicas, [ReplicaView.Of(replica)]));

    private static ReplicaObservation Loading(LoadStep? step) => new() { Id = "r", PlanId = Guid.Empty, Node = "gpu-1", Phase = ReplicaPhase.Loading, Step = step };

    /// <summary>Opens the page of a running rollout, and on it the one replica that the driver would see in a cluster.</summary>
    private static async Task<(IRenderedComponent<RolloutPage> Page, ReplicaObservation Replica)> ShowAsync(PagesContext pages, string replicaId, Action<FakeCluster> happens)
    {
        FakeCluster cluster = new();
        happens(cluster);
        var asked = await pages.World.ApprovedAsync();
        await pages.ReconcileAsync(asked.EndpointId);
        await pages.ReconcileAsync(asked.EndpointId);
        var planId = (await pages.World.RolloutAsync(asked.Id)).PlanId;
        var replica = EndpointView.Read(KubernetesSamples.Endpoint, cluster, new Dictionary<string, (string, LoadStep)>(), Start).Replicas.Single() with { PlanId = planId };
        Assert.Equal(replicaId, replica.Id);
        pages.Feed.Publish(pages.Feed.Find(asked.EndpointId)! with { Replicas = [replica] });
        pages.Bunit.Services.AddSingleton(pages.World.Get<TargetDrivers>());
        pages.Bunit.Services.GetRequiredService<NavigationManager>().NavigateTo($"/rollouts/{asked.Id}?replica={replica.Id}");
        return (pages.Bunit.Render<RolloutPage>(p => p.Add(r => r.Id, asked.Id)), replica);
    }

    private static void Pod(FakeCluster cluster, V1ContainerStatus? server = null, V1ContainerStatus? fetch = null, Action<V1Pod>? change = null)
    {
        _ = (server?.Name = PodTemplate.Server, fetch?.Name = PodTemplate.Fetch);
        V1Pod pod = new()
        {
            Kind = "Pod",
            Metadata = new() { Name = "digits-1", Labels = ObjectLabels.Of(KubernetesSamples.Endpoint, KubernetesSamples.Revision()) },
            Spec = new() { NodeName = "gpu-1" },
            Status = new()
            {
                Phase = "Running",
                Conditions = [new() { Type = "PodScheduled", Status = "True" }],
                InitContainerStatuses = fetch is null ? null : [fetch],
                ContainerStatuses = server is null ? null : [server],
            },
        };
        change?.Invoke(pod);
        cluster.Show(pod);
    }

    private static V1Deployment Deployment(string refusal) => new()
    {
        Kind = "Deployment",
        Metadata = new() { Name = "digits-00000001", Labels = ObjectLabels.Of(KubernetesSamples.Endpoint, KubernetesSamples.Revision()) },
        Spec = new() { Replicas = 1 },
        Status = new() { Conditions = [new() { Type = "ReplicaFailure", Status = "True", Message = refusal }] },
    };
}
