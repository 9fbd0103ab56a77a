using Ops.EndToEnd.Tests.Support;

namespace Ops.EndToEnd.Tests.Failures;

public sealed class ShutdownTests(BrowserFixture browser) : RunningEndpointTest(browser)
{
    [Fact]
    public async Task Dashboard_StoppedGently_StopsItsReplicasAndStartsThemAgainLater()
    {
        await StartAsync(replicas: 2);
        var before = Dashboard.Runtimes;
        Assert.Equal(2, before.Count);

        Assert.Equal(0, await Dashboard.StopAsync());
        Assert.Empty(Dashboard.Runtimes);

        await Dashboard.StartAgainAsync();
        await Eventually.TrueAsync("The endpoint answers again", Patience, async () =>
        {
            using var answer = await Http.GetAsync($"/serve/{Name}/v2/health/ready");
            return answer.IsSuccessStatusCode;
        });
        await Digits.AssertServedAsync(Http, Name, Name, "cnn");
        await AssertExactlyPlannedAsync(2);
        Assert.Empty(before.IntersectBy(Dashboard.Runtimes.Select(r => r.Pid), r => r.Pid));
    }
}
