using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Data.Rollouts;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>How many replicas answer in the course of a rollout that goes well, by pods and not by what a Deployment says of them.</summary>
public sealed class CapacityTests(ClusterFixture cluster)
{
    [Theory]
    [InlineData("rolling")]
    [InlineData("canary")]
    [InlineData("blue-green")]
    [InlineData("shadow")]
    public async Task Rollout_ThatGoesWell_TakesNothingAwayBeforeItsReplacementIsReady(string strategy)
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync();
        var first = await world.SucceedAsync(1, Three);
        await world.QuietAsync(first, 1, 3);

        // Slow enough that every stage is seen.
        await world.ScriptAsync(2, PodScript.ReadyAfter(TimeSpan.FromSeconds(1)));
        using var over = new CancellationTokenSource();
        var watching = CourseAsync(world, first.EndpointId, over.Token);
        var second = await world.ApproveAsync(2, d => Strategies.Of(strategy, Three(d)));
        await world.EndedAsync(second, RolloutState.Succeeded);
        await world.QuietAsync(second, 2, 3);
        await over.CancelAsync();

        var course = await watching;
        Assert.All(course, at => Assert.True(at.Old + at.New >= 3, Words(course)));
        if (strategy != "rolling")
        {
            // Beside steps the old version is whole until all of the new one is.
            Assert.All(course, at => Assert.True(at.Old == 3 || at.New == 3, Words(course)));
        }

        Assert.Equal(((3, 0), (0, 3)), (course[0], course[^1]));
    }

    private static DraftPlan Three(DraftPlan draft) => draft with { Replicas = 3 };

    private static string Words(IEnumerable<(int Old, int New)> course) => string.Join(" ", course.Select(at => $"{at.Old}+{at.New}"));

    private static async Task<List<(int Old, int New)>> CourseAsync(ClusterWorld world, Guid endpointId, CancellationToken over)
    {
        List<(int Old, int New)> course = [];
        while (!over.IsCancellationRequested)
        {
            var ready = (await world.PodsAsync(endpointId)).Where(p => Conditions.Find(p, "Ready").Text("status") == "True").Select(p => p.Text("metadata", "labels", "app.kubernetes.io/version")).ToList();
            course.Add((ready.Count(v => v == "1"), ready.Count(v => v == "2")));
            await Task.Delay(50, CancellationToken.None);
        }

        return course;
    }
}
