using Ops.Dashboard.Features.Monitoring.Charts;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Monitoring.Charts;

public sealed class RolloutMarkersTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Of_StartsAndEndsInTheWindow_OldestFirst()
    {
        RolloutSpan[] rollouts =
        [
            new(3, "digits 3", RolloutState.Running, Now.AddMinutes(-1), null),
            new(2, "digits 2", RolloutState.Failed, Now.AddMinutes(-70), Now.AddMinutes(-50)),
            new(1, "digits 1", RolloutState.Succeeded, Now.AddHours(-9), Now.AddHours(-8)),
        ];

        var markers = RolloutMarkers.Of(rollouts, Now.AddHours(-1), Now);
        Assert.Equal(["#2 failed", "#3 digits 3"], markers.Select(m => m.Label));
        Assert.Equal(Now.AddMinutes(-50).ToUnixTimeSeconds(), markers[0].Time);
    }

    [Fact]
    public void Of_QuickRollout_BothWordsAtItsEnd()
    {
        var markers = RolloutMarkers.Of([new(5, "digits 5", RolloutState.Succeeded, Now.AddMinutes(-2), Now.AddMinutes(-1))], Now.AddMinutes(-15), Now);
        Assert.Equal(["", "#5 digits 5 done"], markers.Select(m => m.Label));
    }

    [Fact]
    public void Of_RejectedBeforeItBegan_NoMarker() =>
        Assert.Empty(RolloutMarkers.Of([new(4, "digits 4", RolloutState.Rejected, null, Now)], Now.AddHours(-1), Now));

    [Theory]
    [InlineData(new[] { "abcdefgh01", "abcdefgh02" }, new[] { "gh01", "gh02" })]
    [InlineData(new[] { "x-0001", "y-0001" }, new[] { "x-0001", "y-0001" })]
    [InlineData(new[] { "a", "b" }, new[] { "a", "b" })]
    public void Shorten_Ids_ShortestThatTellsThemApart(string[] ids, string[] names) => Assert.Equal(names, ids.Select(id => ReplicaNames.Shorten(ids)[id]));
}
