using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Data.Rollouts;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>Whole rollouts on the cluster while its API and the way to it fail. Each ends as it does without the fault, is decided once and serves what was approved.</summary>
public sealed class RolloutFaultTests(ClusterFixture cluster)
{
    private static readonly ApiStatus Busy = new(429, "TooManyRequests", "the server has received too many requests and has asked us to try again later") { RetryAfterSeconds = 1 };
    private static readonly ApiStatus Internal = new(500, "InternalError", "Internal error occurred: etcdserver: leader changed");
    private static readonly ApiStatus Unavailable = new(503, "ServiceUnavailable", "the server is currently unable to handle the request");
    private static readonly ApiStatus Late = new(504, "Timeout", "Timeout: request did not complete within the allotted timeout");
    private static readonly ApiStatus Gone = new(410, "Expired", "too old resource version: 1 (2)");
    private static readonly ApiStatus Conflict = new(409, "Conflict", "Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again");

    // Here the progress deadline is 10 s, calls of a target have 5 s, requests 2 s, the lease 3 s, watches half of this and half a second between two tries.
    private static readonly TimeSpan Down = TimeSpan.FromSeconds(20);

    /// <summary>What goes wrong, by name: at the moment at which a second version is approved, or a little later.</summary>
    public static TheoryData<string> Courses { get; } =
        ["nothing", "down", "busy", "errors", "hanging", "replies lost", "connections broken", "watches dropped", "history gone", "events repeated", "deletes missed", "conflicts"];

    [Theory]
    [MemberData(nameof(Courses))]
    public async Task Rollout_WhileTheApiFails_EndsAsWithoutTheFault(string course)
    {
        // Whatever a dashboard waits for is shorter than the time for which the API is down.
        await using var world = await ClusterWorld.CreateAsync(cluster, silence: course == "down" ? Down / 2 : null);
        await world.StartAsync();
        var first = await world.SucceedAsync(1);

        var disturbed = DisturbAsync(world.Faults, course);
        var second = await world.ApproveAsync(2, d => d with { ProgressDeadlineSeconds = course == "down" ? 10 : 60 });
        await disturbed;
        if (course == "down")
        {
            Assert.True((await world.Ops.RolloutAsync(second.Id)).IsActive);
            Assert.Contains(await world.Ops.EventsAsync(second.Id), e => e.Kind == RolloutEventKinds.Trouble);
        }

        await world.EndedAsync(second, RolloutState.Succeeded);
        world.Faults.Heal();

        await world.QuietAsync(second, 2);
        Assert.Equal(course != "nothing", world.Faults.Struck > 0);
        await world.AssertToldOnceAsync(second);
        await using var db = world.Ops.Open();
        Assert.Equal(1, await db.AuditEntries.CountAsync(e => e.Action == "rollout.approve" && e.SubjectId == second.Id.ToString()));
        Assert.Equal(0, await db.RolloutEvents.CountAsync(e => e.RolloutId == second.Id && e.Kind == RolloutEventKinds.Failed));
    }

    private static async Task DisturbAsync(FaultyApi api, string course)
    {
        switch (course)
        {
            case "nothing":
                break;
            case "down":
                api.IsDown = true;
                api.DropWatches();
                await Task.Delay(Down);
                api.IsDown = false;
                break;
            case "busy":
                api.Answer(3, Busy, c => c.IsWrite);
                break;
            case "errors":
                api.Answer(4, Internal, c => c.IsWrite);
                api.Answer(4, Unavailable, c => c.IsWrite);
                api.Answer(4, Late, c => c.IsWrite);
                api.Answer(4, Unavailable, c => c.IsWatch);
                api.DropWatches();
                break;
            case "hanging":
                api.Next(2, ApiFault.Hang, c => c.IsWrite);
                break;
            case "replies lost":
                api.Next(40, ApiFault.LoseReply, new EverySecond().Takes);
                break;
            case "connections broken":
                api.Next(40, ApiFault.Break, new EverySecond().Takes);
                break;
            case "watches dropped":
                for (var i = 0; i < 20; i++)
                {
                    api.DropWatches();
                    await Task.Delay(TimeSpan.FromMilliseconds(100));
                }

                break;
            case "history gone":
                api.Answer(40, Gone, c => c.IsWatch);
                api.DropWatches();
                break;
            case "events repeated":
                api.RepeatAndReplay();
                break;
            case "deletes missed":
                api.OmitDeletes();
                await Task.Delay(TimeSpan.FromSeconds(2));
                api.Tamper(null);

                // A server never leaves events out on one stream: they are missed when a stream breaks and its history is gone.
                api.Answer(20, Gone, c => c.IsWatch);
                api.DropWatches();
                break;
            case "conflicts":
                api.Answer(3, Conflict, c => c.Method == "PATCH");
                break;
            default:
                throw new ArgumentException(course);
        }
    }

    /// <summary>Every second write, so that what is tried again gets through.</summary>
    private sealed class EverySecond
    {
        private int writes;

        public bool Takes(ApiCall call) => call.IsWrite && Interlocked.Increment(ref writes) % 2 == 1;
    }
}
