using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Local;

namespace Ops.Dashboard.Tests.Features.Targets.Local;

/// <summary>The dashboard is killed at each step; the next one over the same folder converges, and no process is left that nobody knows.</summary>
public sealed class KilledDashboardTests : IAsyncDisposable
{
    private readonly FakeMachine machine = new();

    public ValueTask DisposeAsync() => machine.DisposeAsync();

    [Theory]
    [InlineData(nameof(ReplicaStep.BeforeRecord))]
    [InlineData(nameof(ReplicaStep.RecordWritten))]
    [InlineData(nameof(ReplicaStep.ProcessStarted))]
    [InlineData(nameof(ReplicaStep.ProcessReported))]
    public async Task Start_KilledAtStep_OneReplicaRunsAfterwards(string step)
    {
        var revision = FakeMachine.Revision(1);
        await DieWhileStartingAsync(Enum.Parse<ReplicaStep>(step), revision);

        var next = await machine.OpenAsync();
        await next.ApplyAsync(FakeMachine.Endpoint, [revision], CancellationToken.None);
        await machine.UntilAsync(() => machine.Seen() is [{ Phase: ReplicaPhase.Ready }] && machine.Running.Count == 1, "one ready, one process");

        Assert.Single(Directory.GetDirectories(machine.ReplicasRoot));
        Assert.Equal(machine.Running[0].Id, machine.Seen()[0].ProcessId);
    }

    [Theory]
    [InlineData(nameof(ReplicaStep.BeforeRecord))]
    [InlineData(nameof(ReplicaStep.RecordWritten))]
    [InlineData(nameof(ReplicaStep.ProcessStarted))]
    [InlineData(nameof(ReplicaStep.ProcessReported))]
    public async Task Start_KilledAtStepAndNoLongerWanted_NothingRunsAfterwards(string step)
    {
        await DieWhileStartingAsync(Enum.Parse<ReplicaStep>(step), FakeMachine.Revision(1));

        var next = await machine.OpenAsync();
        await next.ApplyAsync(FakeMachine.Endpoint, [], CancellationToken.None);

        await UntilNothingIsLeftAsync();
    }

    [Theory]
    [InlineData(nameof(ReplicaStep.BeforeStopSignal))]
    [InlineData(nameof(ReplicaStep.StopSignalSent))]
    [InlineData(nameof(ReplicaStep.BeforeFolderRemoved))]
    public async Task Stop_KilledAtStep_NothingRunsAfterwardsWithoutBeingToldAgain(string step)
    {
        var (driver, died) = machine.NewDriver(Enum.Parse<ReplicaStep>(step));
        await driver.OpenAsync(CancellationToken.None);
        await driver.ApplyAsync(FakeMachine.Endpoint, [FakeMachine.Revision(1)], CancellationToken.None);
        await machine.UntilAsync(() => machine.Seen() is [{ Phase: ReplicaPhase.Ready }], "ready");
        await driver.ApplyAsync(FakeMachine.Endpoint, [], CancellationToken.None);
        await died.WaitAsync(TimeSpan.FromSeconds(10));
        driver.Dispose();

        await machine.OpenAsync();

        await UntilNothingIsLeftAsync();
    }

    [Fact]
    public async Task Start_ProcessBeginsOnlyAfterTheNextDashboard_FindsNoFolderAndEnds()
    {
        machine.Behaviour = new() { StartsAfter = TimeSpan.FromSeconds(1) };
        var revision = FakeMachine.Revision(1);
        await DieWhileStartingAsync(ReplicaStep.ProcessStarted, revision);
        machine.Behaviour = new();

        var next = await machine.OpenAsync();
        await next.ApplyAsync(FakeMachine.Endpoint, [revision], CancellationToken.None);
        await machine.UntilAsync(() => machine.Seen() is [{ Phase: ReplicaPhase.Ready }], "ready");
        await machine.UntilAsync(() => machine.Running.Count == 1, "the late one has ended");

        Assert.Equal(machine.Running[0].Id, machine.Seen()[0].ProcessId);
    }

    [Fact]
    public async Task Open_RegistryForgotThePlan_TakesTheReplicaDown()
    {
        var driver = await machine.OpenAsync();
        await driver.ApplyAsync(FakeMachine.Endpoint, [FakeMachine.Revision(2)], CancellationToken.None);
        await machine.UntilAsync(() => machine.Seen().Count(r => r.Phase == ReplicaPhase.Ready) == 2, "ready");
        var (killed, _) = (driver, machine.RegistryKnows = false);
        await killed.CloseAsync(CancellationToken.None);
        killed.Dispose();

        await machine.OpenAsync();

        await UntilNothingIsLeftAsync();
    }

    [Fact]
    public async Task Open_FolderWithoutRecord_IsRemoved()
    {
        Directory.CreateDirectory(Path.Combine(machine.ReplicasRoot, "abc", "run-1"));

        await machine.OpenAsync();

        Assert.Empty(Directory.GetFileSystemEntries(machine.ReplicasRoot));
    }

    [Fact]
    public async Task Open_AnotherDashboardHoldsTheFolder_WaitsForIt()
    {
        var first = await machine.OpenAsync();
        var (second, _) = machine.NewDriver();

        var opening = second.OpenAsync(CancellationToken.None);
        await Task.Delay(300);
        Assert.False(opening.IsCompleted);

        await first.CloseAsync(CancellationToken.None);
        first.Dispose();
        await opening.WaitAsync(TimeSpan.FromSeconds(5));
    }

    private async Task DieWhileStartingAsync(ReplicaStep step, RevisionSpec revision)
    {
        var (driver, died) = machine.NewDriver(step);
        await driver.OpenAsync(CancellationToken.None);
        _ = driver.ApplyAsync(FakeMachine.Endpoint, [revision], CancellationToken.None);
        await died.WaitAsync(TimeSpan.FromSeconds(10));
        driver.Dispose();
    }

    private async Task UntilNothingIsLeftAsync()
    {
        await machine.UntilAsync(() => machine.Running.Count == 0, "no process");
        await machine.UntilAsync(() => Directory.GetFileSystemEntries(machine.ReplicasRoot).Length == 0, "no folder");
        await machine.UntilAsync(() => machine.Seen().Count == 0, "no replica shown");
    }
}
