using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Local;
using Ops.Data;

namespace Ops.Dashboard.Tests.Features.Targets.Local;

public sealed class LocalTargetDriverTests : IAsyncDisposable
{
    private readonly FakeMachine machine = new();

    public ValueTask DisposeAsync() => machine.DisposeAsync();

    [Fact]
    public async Task Apply_Repeated_StartsNothingTwice()
    {
        var driver = await machine.OpenAsync();
        var revision = FakeMachine.Revision(2);

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => driver.ApplyAsync(FakeMachine.Endpoint, [revision], CancellationToken.None)));
        await machine.UntilAsync(() => machine.Seen().Count(r => r.Phase == ReplicaPhase.Ready) == 2, "two ready");

        Assert.Equal(2, machine.Running.Count);
        Assert.Equal(2, Directory.GetDirectories(machine.ReplicasRoot).Length);
    }

    [Fact]
    public async Task Apply_Fewer_KeepsTheYoungerOfTheReady()
    {
        var driver = await machine.OpenAsync();
        var revision = FakeMachine.Revision(1);
        await driver.ApplyAsync(FakeMachine.Endpoint, [revision], CancellationToken.None);
        await machine.UntilAsync(() => machine.Seen() is [{ Phase: ReplicaPhase.Ready }], "one ready");
        var oldest = machine.Seen()[0].Id;
        await driver.ApplyAsync(FakeMachine.Endpoint, [revision with { Replicas = 2 }], CancellationToken.None);
        await machine.UntilAsync(() => machine.Seen().Count(r => r.Phase == ReplicaPhase.Ready) == 2, "two ready");

        await driver.ApplyAsync(FakeMachine.Endpoint, [revision], CancellationToken.None);
        await machine.UntilAsync(() => machine.Seen().Count == 1, "one left");

        Assert.NotEqual(oldest, machine.Seen()[0].Id);
    }

    [Fact]
    public async Task Apply_FewerWithOneNotReady_GivesUpThatOne()
    {
        var driver = await machine.OpenAsync();
        var revision = FakeMachine.Revision(1);
        await driver.ApplyAsync(FakeMachine.Endpoint, [revision], CancellationToken.None);
        await machine.UntilAsync(() => machine.Seen() is [{ Phase: ReplicaPhase.Ready }], "one ready");
        var ready = machine.Seen()[0].Id;
        machine.Behaviour = new() { FailsWith = "no such operator" };
        await driver.ApplyAsync(FakeMachine.Endpoint, [revision with { Replicas = 2 }], CancellationToken.None);
        await machine.UntilAsync(() => machine.Seen().Any(r => r.Phase == ReplicaPhase.Failed), "one failed");

        await driver.ApplyAsync(FakeMachine.Endpoint, [revision], CancellationToken.None);
        await machine.UntilAsync(() => machine.Seen().Count == 1, "one left");

        Assert.Equal(ready, machine.Seen()[0].Id);
    }

    [Theory]
    [InlineData("""{"name":"files","done":0,"total":0}""", "files", 100, 400)]
    [InlineData("""{"name":"warm-up","done":1,"total":3}""", "warm-up", 1, 3)]
    public async Task Replica_Loads_ShowsItsStepAndItsGpus(string step, string name, long done, long total)
    {
        var driver = await machine.OpenAsync();
        machine.Behaviour = new() { Loads = $$$""","progress":{"bytesFetched":100,"bytesTotal":400},"step":{{{step}}}""" };
        var revision = FakeMachine.Revision(1);
        await driver.ApplyAsync(FakeMachine.Endpoint, [revision with { Plan = revision.Plan with { Resources = new() { CpuThreads = 1, MemoryMiB = 64, Gpus = 1 } } }], CancellationToken.None);
        await machine.UntilAsync(() => machine.Seen() is [{ Phase: ReplicaPhase.Loading, Step: not null }], "loading");

        var seen = machine.Seen()[0];
        Assert.Equal(new LoadStep(name, done, total), seen.Step);
        Assert.Equal(seen.StartedAt, seen.LoadingSince);
        Assert.Equal("1 × GPU (NVIDIA A100)", seen.Gpus);
    }

    [Fact]
    public async Task Replica_CannotLoad_FailsWithTheRuntimesReasonAndIsTriedAgain()
    {
        var driver = await machine.OpenAsync();
        machine.Behaviour = new() { FailsWith = "SHA-256 does not match" };
        await driver.ApplyAsync(FakeMachine.Endpoint, [FakeMachine.Revision(1)], CancellationToken.None);
        await machine.UntilAsync(() => machine.Seen() is [{ Phase: ReplicaPhase.Failed, Reason: { } reason, Next: not null }] && reason.Contains("SHA-256 does not match", StringComparison.Ordinal), "failed");
        Assert.DoesNotContain("started again", machine.Seen()[0].Reason, StringComparison.Ordinal);

        machine.Behaviour = new();
        await machine.UntilAsync(() => machine.Seen() is [{ Phase: ReplicaPhase.Ready, Note: null }], "ready after a retry");

        Assert.Single(machine.Running);
        Assert.Single(machine.Events, e => e.Kind == TargetEventKinds.Failed);
    }

    [Fact]
    public async Task Replica_RegistryDisagrees_StartsNothing()
    {
        var driver = await machine.OpenAsync();
        machine.Resolve = _ => Failure.Conflict("its digest is another");

        await driver.ApplyAsync(FakeMachine.Endpoint, [FakeMachine.Revision(1)], CancellationToken.None);
        await machine.UntilAsync(() => machine.Seen() is [{ Phase: ReplicaPhase.Failed, Reason: { } reason }] && reason.Contains("digest is another", StringComparison.Ordinal), "failed");

        Assert.Empty(machine.Running);
        Assert.DoesNotContain(machine.Events, e => e.Kind == TargetEventKinds.Started);
    }

    [Fact]
    public async Task Replica_SystemCannotStartProcesses_FailsWithItsReason()
    {
        var driver = await machine.OpenAsync();
        machine.Behaviour = new() { RefusesToStart = "Resource temporarily unavailable" };

        await driver.ApplyAsync(FakeMachine.Endpoint, [FakeMachine.Revision(1)], CancellationToken.None);

        await machine.UntilAsync(
            () => machine.Seen() is [{ Phase: ReplicaPhase.Failed, Reason: { } reason }] && reason.Contains("Resource temporarily unavailable", StringComparison.Ordinal), "failed");
    }

    [Fact]
    public async Task Replica_EndsBeforeItAnswersTwice_IsShownAsFailed()
    {
        var driver = await machine.OpenAsync();
        machine.Behaviour = new() { EndsWith = 2 };

        await driver.ApplyAsync(FakeMachine.Endpoint, [FakeMachine.Revision(1)], CancellationToken.None);

        await machine.UntilAsync(
            () => machine.Seen() is [{ Phase: ReplicaPhase.Failed, Reason: { } reason }] && reason.Contains("refused its configuration", StringComparison.Ordinal), "failed");
    }

    [Fact]
    public async Task Replica_TooMuchMemory_IsReplacedWithTheReason()
    {
        var driver = await machine.OpenAsync();
        await driver.ApplyAsync(FakeMachine.Endpoint, [FakeMachine.Revision(1)], CancellationToken.None);
        await machine.UntilAsync(() => machine.Seen() is [{ Phase: ReplicaPhase.Ready }], "ready");

        machine.Running[0].ResidentBytes = 600L * 1024 * 1024;
        await machine.UntilAsync(() => machine.Seen() is [{ Phase: ReplicaPhase.Ready, Restarts: 1 }], "ready again");

        Assert.Contains(machine.Events, e => e.Message.Contains("used 600 MiB of 512 MiB allowed", StringComparison.Ordinal));
        Assert.Single(machine.Running);
    }

    [Fact]
    public async Task Replica_AnswersNotReady_IsUnreadyUntilItDoes()
    {
        var driver = await machine.OpenAsync();
        await driver.ApplyAsync(FakeMachine.Endpoint, [FakeMachine.Revision(1)], CancellationToken.None);
        await machine.UntilAsync(() => machine.Seen() is [{ Phase: ReplicaPhase.Ready }], "ready");

        machine.Running[0].AnswersNotReady = true;
        await machine.UntilAsync(() => machine.Seen() is [{ Phase: ReplicaPhase.Unready, Reason: not null }], "unready");
        machine.Running[0].AnswersNotReady = false;

        await machine.UntilAsync(() => machine.Seen() is [{ Phase: ReplicaPhase.Ready, Restarts: 0 }], "ready again");
    }

    [Fact]
    public async Task Replica_DoesNotEndWhenAsked_IsKilledAfterTheDrainTimeout()
    {
        var driver = await machine.OpenAsync();
        machine.Behaviour = new() { IgnoresStop = true };
        await driver.ApplyAsync(FakeMachine.Endpoint, [FakeMachine.Revision(1)], CancellationToken.None);
        await machine.UntilAsync(() => machine.Seen() is [{ Phase: ReplicaPhase.Ready }], "ready");

        await driver.ApplyAsync(FakeMachine.Endpoint, [], CancellationToken.None);
        await machine.UntilAsync(() => machine.Seen().Count == 0, "gone");

        Assert.Empty(machine.Running);
        Assert.Contains(machine.Events, e => e.Kind == TargetEventKinds.Killed);
    }

    [Fact]
    public async Task Close_NoTimeLeft_KillsWhatDoesNotEnd()
    {
        var driver = await machine.OpenAsync();
        machine.Behaviour = new() { IgnoresStop = true };
        await driver.ApplyAsync(FakeMachine.Endpoint, [FakeMachine.Revision(3)], CancellationToken.None);
        await machine.UntilAsync(() => machine.Seen().Count(r => r.Phase == ReplicaPhase.Ready) == 3, "ready");

        await driver.CloseAsync(new CancellationToken(canceled: true));

        Assert.Empty(machine.Running);
    }

    [Fact]
    public async Task Apply_PlanOfAnotherMachine_StartsNothing()
    {
        var driver = await machine.OpenAsync();
        var revision = FakeMachine.Revision(1);
        revision = revision with { Plan = revision.Plan with { Nodes = ["elsewhere"] } };

        await driver.ApplyAsync(FakeMachine.Endpoint, [revision], CancellationToken.None);

        await machine.UntilAsync(() => machine.Seen() is [{ Phase: ReplicaPhase.Failed, Reason: { } reason }] && reason.Contains("elsewhere", StringComparison.Ordinal), "failed");
        Assert.Empty(machine.Running);
    }

    [Fact]
    public async Task Inventory_RunningReplicas_CountAsPromises()
    {
        var driver = await machine.OpenAsync();
        await driver.ApplyAsync(FakeMachine.Endpoint, [FakeMachine.Revision(3)], CancellationToken.None);

        var target = Ops.Data.Targets.Target.Create("local", Ops.Data.Targets.TargetKinds.Local, Ops.Data.Targets.TargetEnvironment.Dev, TimeProvider.System.GetUtcNow()).Value;
        var node = (await driver.GetInventoryAsync(target, CancellationToken.None)).Nodes[0];

        Assert.Equal(3, node.CpuPromised);
        Assert.Equal(3 * 512L * 1024 * 1024, node.MemoryPromisedBytes);
    }
}
