using System.Diagnostics;
using Ops.Dashboard.Features.Targets.Local;
using Ops.EndToEnd.Tests.Support;

namespace Ops.EndToEnd.Tests.Failures;

public sealed class KilledReplicaTests(BrowserFixture browser, ITestOutputHelper output) : RunningEndpointTest(browser)
{
    private const int Load = 8;

    [Fact]
    public async Task Replica_KilledUnderLoad_IsBackInFiveSecondsAndOnlyRequestsInFlightOnItFail()
    {
        await StartAsync(replicas: 2);
        await using var clients = Clients.Start(Dashboard.Address, Load, Digits, Name, Name);
        await Eventually.TrueAsync("Traffic", TimeSpan.FromSeconds(10), () => clients.Count > 200);
        var victim = Dashboard.Runtimes[0];

        var killed = Stopwatch.GetTimestamp();
        Signals.Kill(victim.Pid);

        // Until its last thread has gone, the kernel still takes requests for it: only then is its process id free.
        await Eventually.TrueAsync("The end of the process", TimeSpan.FromSeconds(20), () => !IsThere(victim.Pid));
        var dead = Stopwatch.GetTimestamp();
        var back = await Eventually.TrueAsync("A process in its place that is ready", TimeSpan.FromSeconds(20), () => IsReady(Dashboard, victim));
        await Task.Delay(1000);
        var sent = await clients.StopAsync();

        var failed = sent.Where(s => s.Failure is not null).ToList();
        output.WriteLine($"{sent.Count} requests, {failed.Count} failed, back after {back.TotalMilliseconds:0} ms.");
        Assert.True(back < TimeSpan.FromSeconds(5), $"It took {back}.");

        // At most what was under way while the process died: one request a client.
        Assert.All(failed, request => Assert.True(request.From < dead && request.To > killed, request.Failure));
        Assert.True(failed.Count <= Load, $"{failed.Count} requests failed: {failed.FirstOrDefault()?.Failure}");
        Assert.All(sent.Where(s => s.Failure is null), request => Assert.Equal("cnn", request.Model));
        await AssertExactlyPlannedAsync(2);
    }

    private static bool IsThere(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static bool IsReady(DashboardProcess dashboard, RuntimeProcess victim) =>
        dashboard.Runtimes.Any(r => r.ReplicaFolder == victim.ReplicaFolder && r.Pid != victim.Pid
            && Directory.GetFiles(r.ReplicaFolder, "process.json", SearchOption.AllDirectories).Any(file => File.ReadAllText(file).Contains("\"ready\"", StringComparison.Ordinal)));
}
