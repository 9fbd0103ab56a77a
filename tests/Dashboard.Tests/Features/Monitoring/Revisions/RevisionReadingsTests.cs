using Ops.Dashboard.Features.Monitoring.Revisions;
using Ops.Dashboard.Features.Monitoring.Series;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Tests.Features.Rollouts;
using Ops.Testing;

namespace Ops.Dashboard.Tests.Features.Monitoring.Revisions;

public sealed class RevisionReadingsTests
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(20);
    private readonly ManualTime time = new();
    private readonly EndpointRef endpoint = new(Guid.NewGuid(), "digits", Guid.NewGuid());
    private readonly Guid plan = Guid.NewGuid();
    private readonly RevisionReadings readings;

    public RevisionReadingsTests() => readings = new(time);

    [Fact]
    public void Figures_TwoReplicasOverTheWindow_AreAddedUp()
    {
        Tell(seconds: 30, ("a", 10, 1), ("b", 5, 0));

        var figures = Figures("a", "b");

        Assert.Null(figures.Trouble);
        Assert.Equal((20 * 15, 20), (figures.Requests, figures.Failures));
        Assert.Equal(20 * 15, figures.Durations.Total);
    }

    [Fact]
    public void Figures_WindowNotMeasuredYet_CannotBeTold()
    {
        Tell(seconds: 10, ("a", 10, 0));

        Assert.Equal("Measured for 10 of 20 s.", Figures("a").Trouble);
    }

    [Fact]
    public void Figures_OneOfTwoReplicasSilent_CannotBeTold()
    {
        Tell(seconds: 30, ("a", 10, 0));

        Assert.Contains("Replica b", Figures("a", "b").Trouble, StringComparison.Ordinal);
    }

    [Fact]
    public void Figures_NothingToldForLong_CannotBeTold()
    {
        Tell(seconds: 30, ("a", 10, 0));
        time.Advance(RevisionReadings.Stale + TimeSpan.FromSeconds(1));

        Assert.NotNull(Figures("a").Trouble);
    }

    [Fact]
    public void Figures_TheSameToldAgainAndAgain_IsNoNews()
    {
        Tell(seconds: 30, ("a", 10, 0));
        var last = time.GetUtcNow();
        for (var second = 0; second <= RevisionReadings.Stale.TotalSeconds; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            readings.Add(endpoint.Id, "a", new() { At = last, Requests = 300, Failures = 0, Durations = Histogram.Empty });
        }

        Assert.NotNull(Figures("a").Trouble);
    }

    [Theory]
    [InlineData(30, 59, true)]
    [InlineData(30, 61, false)]
    [InlineData(5, 9, true)]
    [InlineData(5, 11, false)]
    public void Figures_SourceWithLongPauses_CountUntilTwoOfThemHavePassed(int pause, int silent, bool expected)
    {
        readings.Watch(endpoint.Id);
        for (var i = 0; i < 6; i++)
        {
            // One pause may be longer by chance.
            time.Advance(TimeSpan.FromSeconds(i == 4 ? pause * 10 : pause));
            readings.Add(endpoint.Id, "a", new() { At = time.GetUtcNow(), Requests = 10 * i, Failures = 0, Durations = Histogram.Empty });
        }

        time.Advance(TimeSpan.FromSeconds(silent));

        Assert.Equal(expected, Figures("a").Trouble is null);
    }

    [Fact]
    public void Figures_NoReplicaReady_CannotBeTold() => Assert.NotNull(Figures().Trouble);

    private void Tell(int seconds, params (string Id, long Requests, long Failures)[] each)
    {
        readings.Watch(endpoint.Id);
        for (var second = 0; second <= seconds; second++)
        {
            foreach (var (id, requests, failures) in each)
            {
                readings.Add(endpoint.Id, id, new() { At = time.GetUtcNow(), Requests = requests * second, Failures = failures * second, Durations = new([1], [requests * second, 0]) });
            }

            if (second < seconds)
            {
                time.Advance(TimeSpan.FromSeconds(1));
            }
        }
    }

    private RevisionFigures Figures(params string[] replicas) => readings.Figures(
        new(endpoint, [.. replicas.Select(id => new ReplicaObservation { Id = id, PlanId = plan, Node = "here", Phase = ReplicaPhase.Ready })], default),
        plan,
        Math.Max(1, replicas.Length),
        Window);
}
