using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes.Watching;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Watching;

/// <summary>Pods that a watch still shows ready although fewer were asked for.</summary>
public sealed class ShrinkingRevisionsTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly ShrinkingRevisions shrinking = new();
    private readonly FakeCluster cluster = new();
    private readonly RevisionSpec revision = KubernetesSamples.Revision();

    [Fact]
    public void Mark_AllAskedAwayAndWantedAgainAtOnce_NoneCountsUntilTheClusterHadItsTime()
    {
        var seen = Seen("a", "b", "c");
        Assert.Empty(Marked(seen, Start));

        shrinking.Ask([revision with { Replicas = 0 }], seen, Start);
        Assert.Equal(["a", "b", "c"], Marked(seen, Start));
        shrinking.Ask([revision with { Replicas = 3 }], seen, Start.AddSeconds(1));
        Assert.Equal(["a", "b", "c"], Marked(seen, Start.AddSeconds(2)));

        // One that was made since counts at once; what has outlived the change does so after a while.
        Assert.Equal(["a", "b", "c"], Marked([.. seen, .. Seen("d")], Start.AddSeconds(2.5)));
        Assert.Empty(Marked(seen, Start.AddSeconds(3)));
    }

    [Fact]
    public void Mark_SomeAskedAway_TheRestCountsAndAllDoOnceTheyAreSeenToGo()
    {
        var seen = Seen("a", "b", "c");
        shrinking.Ask([revision with { Replicas = 2 }], seen, Start);
        Assert.Single(Marked(seen, Start));

        Assert.Empty(Marked([seen[0] with { Phase = ReplicaPhase.Stopping }, seen[1], seen[2]], Start.AddSeconds(1)));
        Assert.Empty(Marked([seen[1], seen[2]], Start.AddSeconds(2)));
    }

    [Fact]
    public void Mark_RevisionThatIsWantedNoMore_NoneCounts()
    {
        var seen = Seen("a", "b");
        shrinking.Ask([], seen, Start);

        Assert.Equal(["a", "b"], Marked(seen, Start.AddMinutes(1)));
    }

    [Fact]
    public void Mark_WhatAnAutoscalerScales_AlwaysCounts()
    {
        var seen = Seen("a", "b", "c", "d");
        shrinking.Ask([revision with { Replicas = 2, IsScaled = true }], seen, Start);

        Assert.Empty(Marked(seen, Start));
    }

    private IReadOnlyList<ReplicaObservation> Seen(params string[] ids) => [.. ids.Select(id => new ReplicaObservation { Id = id, PlanId = revision.PlanId, Node = "n", Phase = ReplicaPhase.Ready })];

    private IEnumerable<string> Marked(IReadOnlyList<ReplicaObservation> seen, DateTimeOffset now) =>
        shrinking.Mark(seen, KubernetesSamples.Endpoint, cluster, now).Where(r => r.MayGo).Select(r => r.Id);
}
