using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Ops.Dashboard.Features.Targets;

namespace Ops.Integration.Tests.Targets;

/// <summary>The local target with real runtime processes.</summary>
public sealed class LocalDriverTests
{
    private const string Zeros = "[" + "0" + ZerosTail + "]";
    private const string ZerosTail = ",0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0";
    private const string Request = """{"inputs":[{"name":"input","shape":[1,1,8,8],"datatype":"FP32","data":""" + Zeros + "}]}";

    [Fact]
    public async Task Apply_TwoReplicas_BothAnswerInference()
    {
        await using var harness = new LocalDriverHarness();
        var driver = await harness.OpenAsync();

        await driver.ApplyAsync(harness.Endpoint, [harness.Revision(2)], CancellationToken.None);
        var seen = await harness.UntilAsync(o => o.Replicas.Count(r => r.Phase == ReplicaPhase.Ready) == 2);

        foreach (var replica in seen.Replicas)
        {
            Assert.Equal(10, await InferAsync(harness, replica));
        }

        Assert.Equal(2, harness.Processes.Count);
        Assert.Equal(2, harness.Events.Count(e => e.Kind == TargetEventKinds.Ready));
    }

    [Fact]
    public async Task Replica_Killed_IsReadyAgainWithinFiveSeconds()
    {
        await using var harness = new LocalDriverHarness();
        var driver = await harness.OpenAsync();
        await driver.ApplyAsync(harness.Endpoint, [harness.Revision(1)], CancellationToken.None);
        var before = (await harness.UntilAsync(o => o.Replicas is [{ Phase: ReplicaPhase.Ready }])).Replicas[0];

        var watch = Stopwatch.StartNew();
        Kill(before.ProcessId!.Value);
        var after = (await harness.UntilAsync(o => o.Replicas is [{ Phase: ReplicaPhase.Ready } r] && r.ProcessId != before.ProcessId, 5)).Replicas[0];

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"It took {watch.Elapsed}.");
        Assert.Equal(before.Id, after.Id);
        Assert.Equal(1, after.Restarts);
        await harness.UntilAsync(() => harness.Events.Any(e => e.Kind == TargetEventKinds.Died && e.Message.Contains("signal 9, SIGKILL", StringComparison.Ordinal)));
        Assert.Equal(10, await InferAsync(harness, after));
        TestContext.Current.SendDiagnosticMessage($"Ready {watch.ElapsedMilliseconds} ms after the kill.");
    }

    [Fact]
    public async Task Open_AfterDashboardDied_AdoptsTheSameProcesses()
    {
        await using var harness = new LocalDriverHarness();
        var driver = await harness.OpenAsync();
        await driver.ApplyAsync(harness.Endpoint, [harness.Revision(2)], CancellationToken.None);
        var before = await harness.UntilAsync(o => o.Replicas.Count(r => r.Phase == ReplicaPhase.Ready) == 2);

        harness.Kill();
        await harness.OpenAsync();
        var after = await harness.UntilAsync(o => o.Replicas.Count(r => r.Phase == ReplicaPhase.Ready) == 2);

        Assert.Equal(before.Replicas.Select(r => (r.Id, r.ProcessId, r.Address)), after.Replicas.Select(r => (r.Id, r.ProcessId, r.Address)));
        Assert.All(after.Replicas, r => Assert.Equal(0, r.Restarts));
        Assert.Equal(2, harness.Processes.Count);
    }

    [Fact]
    public async Task Replica_AdoptedAndKilled_IsReadyAgainWithinFiveSeconds()
    {
        await using var harness = new LocalDriverHarness();
        var driver = await harness.OpenAsync();
        await driver.ApplyAsync(harness.Endpoint, [harness.Revision(1)], CancellationToken.None);
        await harness.UntilAsync(o => o.Replicas is [{ Phase: ReplicaPhase.Ready }]);
        harness.Kill();
        await harness.OpenAsync();
        var before = (await harness.UntilAsync(o => o.Replicas is [{ Phase: ReplicaPhase.Ready }])).Replicas[0];

        Kill(before.ProcessId!.Value);
        var after = (await harness.UntilAsync(o => o.Replicas is [{ Phase: ReplicaPhase.Ready } r] && r.ProcessId != before.ProcessId, 5)).Replicas[0];

        Assert.Equal(1, after.Restarts);
        Assert.Single(harness.Processes);
    }

    [Fact]
    public async Task Apply_RevisionLeftOut_ShowsStoppingFirstAndLeavesNothing()
    {
        await using var harness = new LocalDriverHarness();
        var driver = await harness.OpenAsync();
        await driver.ApplyAsync(harness.Endpoint, [harness.Revision(2)], CancellationToken.None);
        await harness.UntilAsync(o => o.Replicas.Count(r => r.Phase == ReplicaPhase.Ready) == 2);

        await driver.ApplyAsync(harness.Endpoint, [], CancellationToken.None);
        Assert.Equal(1, harness.CachedVersions);
        var stopping = harness.Observed.Find(harness.Endpoint.Id)!;

        Assert.All(stopping.Replicas, r => Assert.Equal(ReplicaPhase.Stopping, r.Phase));
        Assert.Equal(2, harness.Processes.Count);
        await harness.UntilAsync(o => o.Replicas.Count == 0);
        Assert.Empty(harness.Processes);
        Assert.Empty(Directory.GetFileSystemEntries(harness.ReplicasRoot));
        await harness.UntilAsync(() => harness.CachedVersions == 0);
    }

    [Fact]
    public async Task Apply_ReplacedUnderLoad_FailsNoRequest()
    {
        await using var harness = new LocalDriverHarness();
        var driver = await harness.OpenAsync();
        var (old, next) = (harness.Revision(1), harness.Revision(1, version: 2));
        await driver.ApplyAsync(harness.Endpoint, [old], CancellationToken.None);
        await harness.UntilAsync(o => o.ReadyOf(old.PlanId) == 1);

        // Like the router: chooses anew for each request among what is shown as ready.
        using var enough = new CancellationTokenSource();
        var answered = 0;
        var load = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                var ready = harness.Observed.Find(harness.Endpoint.Id)!.Replicas.First(r => r.Phase == ReplicaPhase.Ready);
                await InferAsync(harness, ready);
                Interlocked.Increment(ref answered);
            }
        })).ToArray();
        await driver.ApplyAsync(harness.Endpoint, [old, next], CancellationToken.None);
        await harness.UntilAsync(o => o.ReadyOf(next.PlanId) == 1);
        await driver.ApplyAsync(harness.Endpoint, [next], CancellationToken.None);
        await harness.UntilAsync(o => o.Replicas.Count == 1);
        await Task.Delay(300);
        await enough.CancelAsync();
        await Task.WhenAll(load);

        Assert.True(answered > 50, $"Only {answered} requests were answered.");
        Assert.DoesNotContain(harness.Events, e => e.Kind == TargetEventKinds.Killed);
    }

    [Fact]
    public async Task Replica_AboveItsMemory_IsStoppedWithTheReason()
    {
        await using var harness = new LocalDriverHarness();
        var driver = await harness.OpenAsync();

        await driver.ApplyAsync(harness.Endpoint, [harness.Revision(1, memoryMiB: 48)], CancellationToken.None);
        var seen = await harness.UntilAsync(o => o.Replicas is [{ Reason: { } reason }] && reason.Contains("allowed", StringComparison.Ordinal));

        Assert.Matches(@"used \d+ MiB of 48 MiB allowed", seen.Replicas[0].Reason);
    }

    [Fact]
    public async Task Replica_WithOtherBytesThanDeclared_FailsWithTheRuntimesReason()
    {
        await using var harness = new LocalDriverHarness();
        var driver = await harness.OpenAsync(damagedSha256: new string('a', 64));

        await driver.ApplyAsync(harness.Endpoint, [harness.Revision(1)], CancellationToken.None);
        var seen = await harness.UntilAsync(o => o.Replicas is [{ Phase: ReplicaPhase.Failed }]);

        Assert.Contains("SHA-256", seen.Replicas[0].Reason, StringComparison.Ordinal);
        await harness.UntilAsync(() => harness.Events.Any(e => e.Kind == TargetEventKinds.Failed && e.Message.Contains("SHA-256", StringComparison.Ordinal)));
        Assert.DoesNotContain(harness.Events, e => e.Kind == TargetEventKinds.Ready);
    }

    [Fact]
    public async Task Process_GetsThePlansVariables_AndNoneOfTheDashboards()
    {
        Environment.SetEnvironmentVariable("OPS_TEST_SECRET", "hush");
        await using var harness = new LocalDriverHarness();
        var driver = await harness.OpenAsync();

        await driver.ApplyAsync(harness.Endpoint, [harness.Revision(1, variables: new Dictionary<string, string> { ["GREETING"] = "hello", ["LD_PRELOAD"] = "/tmp/evil.so" })], CancellationToken.None);
        var seen = await harness.UntilAsync(o => o.Replicas is [{ Phase: ReplicaPhase.Ready }]);
        var variables = (await File.ReadAllTextAsync($"/proc/{seen.Replicas[0].ProcessId}/environ")).Split('\0');

        Assert.Contains("GREETING=hello", variables);
        Assert.DoesNotContain(variables, v => v.StartsWith("OPS_", StringComparison.Ordinal) || v.StartsWith("LD_PRELOAD", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Close_Gently_StopsEverythingAndStartsItAgainNextTime()
    {
        await using var harness = new LocalDriverHarness();
        var driver = await harness.OpenAsync();
        await driver.ApplyAsync(harness.Endpoint, [harness.Revision(2)], CancellationToken.None);
        var before = await harness.UntilAsync(o => o.Replicas.Count(r => r.Phase == ReplicaPhase.Ready) == 2);

        await driver.CloseAsync(CancellationToken.None);
        Assert.Empty(harness.Processes);
        driver.Dispose();
        await harness.OpenAsync();
        var after = await harness.UntilAsync(o => o.Replicas.Count(r => r.Phase == ReplicaPhase.Ready) == 2);

        Assert.Equal(before.Replicas.Select(r => r.Id), after.Replicas.Select(r => r.Id));
        Assert.All(after.Replicas, r => Assert.Equal(0, r.Restarts));
    }

    [Fact]
    public async Task ReadLog_RunningReplica_TellsWhatTheRuntimeWrote()
    {
        await using var harness = new LocalDriverHarness();
        var driver = await harness.OpenAsync();
        await driver.ApplyAsync(harness.Endpoint, [harness.Revision(1)], CancellationToken.None);
        var seen = await harness.UntilAsync(o => o.Replicas is [{ Phase: ReplicaPhase.Ready }]);

        var lines = await driver.ReadLogAsync(harness.Endpoint, seen.Replicas[0].Id, 100, CancellationToken.None);

        Assert.Contains(lines, l => l.Contains("Loaded digits version 1", StringComparison.Ordinal));
        Assert.Empty(await driver.ReadLogAsync(harness.Endpoint, "../" + seen.Replicas[0].Id, 100, CancellationToken.None));
    }

    private static async Task<int> InferAsync(LocalDriverHarness harness, ReplicaObservation replica)
    {
        using var answer = await harness.Http.PostAsync(new Uri(replica.Address!, "/v2/models/digits/infer"), new StringContent(Request, null, "application/json"));
        answer.EnsureSuccessStatusCode();
        var json = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return json.GetProperty("outputs")[0].GetProperty("data").GetArrayLength();
    }

    private static void Kill(int id)
    {
        using var process = Process.GetProcessById(id);
        process.Kill();
    }
}
