using System.Diagnostics;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using Ops.Data.Audit;
using Ops.Data.Rollouts;
using Ops.EndToEnd.Tests.Support;

namespace Ops.EndToEnd.Tests.Failures;

public sealed class KilledDashboardTests(BrowserFixture browser, ITestOutputHelper output) : RunningEndpointTest(browser)
{
    private const int Rounds = 5;
    private const int KillsEach = 2;
    private const int Replicas = 2;

    // Kinds of events that a rollout has once, whatever happens to the process that writes them.
    private static readonly string[] Once = ["rollout.requested", "rollout.approved", "rollout.started", "rollout.succeeded"];

    [Fact]
    public async Task Dashboard_KilledAtTenMomentsOfRollouts_ConvergesEachTime()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("OPS_TEST_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();
        output.WriteLine($"OPS_TEST_SEED={seed}");
        var random = new Random(seed);

        // A dashboard that died holds its lease for a while; three seconds instead of fifteen, so that ten deaths fit into a test.
        await StartAsync(Replicas, ("Ops:Rollouts:LeaseSeconds", "3"), ("Ops:Rollouts:LeaseRenewSeconds", "1"));
        var usual = await UndisturbedAsync();
        output.WriteLine($"Undisturbed, a rollout takes {usual.TotalMilliseconds:0} ms from the approval on.");

        for (var round = 0; round < Rounds; round++)
        {
            var version = round % 2;
            var rolloutId = await Road.RequestAsync(Dashboard, Operator, Versions[version], Name, Replicas, $"round {round}");
            await Approver.GoAsync("/inbox");

            // The click is not waited for, so that the first deaths may well come before its answer, or before its commit.
            var approving = ClickApproveAsync();
            for (var kill = 0; kill < KillsEach; kill++)
            {
                var after = usual * random.NextDouble();
                await Task.Delay(after);
                await Dashboard.KillAsync();
                output.WriteLine($"Round {round}: killed {after.TotalMilliseconds:0} ms after {(kill == 0 ? "the click" : "the start")}; {await DescribeAsync(rolloutId)}.");
                await approving;
                await Dashboard.StartAgainAsync();

                // A death before the click had any effect leaves the request as it was, and a person who looks again.
                await ApproveIfStillAskedAsync(rolloutId);
            }

            Assert.Equal(RolloutState.Succeeded, await Road.EndOfAsync(Dashboard, rolloutId, Patience));
            await AssertExactlyPlannedAsync(Replicas);
            await Digits.AssertServedAsync(Http, Name, Name, version == 0 ? "cnn" : "mlp");
            await AssertToldOnceAsync(rolloutId);
        }
    }

    private async Task<TimeSpan> UndisturbedAsync()
    {
        var rolloutId = await Road.RequestAsync(Dashboard, Operator, Versions[1], Name, Replicas, "undisturbed");
        await Approver.GoAsync("/inbox");
        var watch = Stopwatch.StartNew();
        await ClickApproveAsync();
        Assert.Equal(RolloutState.Succeeded, await Road.EndOfAsync(Dashboard, rolloutId, Patience));
        return watch.Elapsed;
    }

    private async Task ClickApproveAsync()
    {
        try
        {
            await Road.Card(Approver, Name).GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync(new() { Timeout = 5000 });
        }
        catch (Exception exception) when (exception is PlaywrightException or TimeoutException)
        {
            // The page lost its server under the mouse. Whether the click counted stands in the registry.
        }
    }

    private async Task ApproveIfStillAskedAsync(Guid rolloutId)
    {
        await using var db = Dashboard.OpenRegistry();
        if (await db.Rollouts.Where(r => r.Id == rolloutId).Select(r => r.State).SingleAsync() == RolloutState.PendingApproval)
        {
            await Road.ApproveAsync(Approver, Name);
        }
    }

    private async Task<string> DescribeAsync(Guid rolloutId)
    {
        await using var db = Dashboard.OpenRegistry();
        var rollout = await db.Rollouts.AsNoTracking().SingleAsync(r => r.Id == rolloutId);
        return $"{rollout.State}, \"{rollout.Status}\", {Dashboard.Runtimes.Count} runtime processes";
    }

    private async Task AssertToldOnceAsync(Guid rolloutId)
    {
        await using var db = Dashboard.OpenRegistry();
        var subject = rolloutId.ToString();
        var decisions = await db.AuditEntries.Where(e => e.SubjectId == subject && e.Action == "rollout.approve").ToListAsync();
        var entry = Assert.Single(decisions);
        Assert.Equal((AuditResult.Done, "anton"), (entry.Result, entry.PersonName));
        Assert.Equal(1, await db.Decisions.CountAsync(d => d.RolloutId == rolloutId));
        Assert.Equal(1, await db.AuditEntries.CountAsync(e => e.SubjectId == subject && e.Action == "rollout.request"));

        var kinds = await db.RolloutEvents.Where(e => e.RolloutId == rolloutId).Select(e => e.Kind).ToListAsync();
        Assert.All(Once, kind => Assert.Equal(1, kinds.Count(k => k == kind)));
        Assert.DoesNotContain("rollout.failed", kinds);
    }
}
