using Ops.Dashboard.Features.Targets;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Targets;

public sealed class SchedulabilityTests
{
    private const long GiB = 1024L * 1024 * 1024;

    private static readonly PlanStrategy Rolling = new();
    private static readonly PlanStrategy Recreate = new() { Name = "recreate" };

    [Fact]
    public void Check_EmptyMachine_FitsWithoutRemarks()
    {
        var verdict = Schedulability.Check(new() { CpuThreads = 1, MemoryMiB = 512 }, 2, Rolling, Machine(), default);

        Assert.True(verdict.Fits);
        Assert.Empty(verdict.Warnings);
    }

    [Fact]
    public void Check_GpuWanted_MachineWithoutOne_IsRefused()
    {
        var verdict = Schedulability.Check(new() { Gpus = 1 }, 1, Rolling, Machine(), default);

        Assert.Equal(["needs 1 GPU, this machine has none"], verdict.Refusals);
    }

    [Fact]
    public void Check_MoreGpusThanThere_IsRefused()
    {
        var machine = Machine() with { Gpus = [new("0", "H200", null, null, null, null, null)] };

        Assert.True(Schedulability.Check(new() { Gpus = 1 }, 1, Rolling, machine, default).Fits);
        Assert.Equal(["needs 2 GPUs, this machine has 1"], Schedulability.Check(new() { Gpus = 1 }, 2, Rolling, machine, default).Refusals);
    }

    [Fact]
    public void Check_MoreThreadsThanCores_IsAWarning()
    {
        var verdict = Schedulability.Check(new() { CpuThreads = 8 }, 1, Rolling, Machine() with { CpuPromised = 2 }, default);

        Assert.True(verdict.Fits);
        Assert.Equal(
            ["a replica asks for 8 threads, this machine has 2 cores", "needs 8 threads, 2 of 2 cores are promised to others: replicas will share"],
            verdict.Warnings);
    }

    [Fact]
    public void Check_MemoryPromisedToOthers_IsRefused()
    {
        var verdict = Schedulability.Check(new() { MemoryMiB = 1024 }, 2, Rolling, Machine() with { MemoryPromisedBytes = 3 * GiB }, default);

        Assert.Equal(["needs 2 GiB of memory, 1 GiB of 4 GiB are not promised to others"], verdict.Refusals);
    }

    [Fact]
    public void Check_ReplacingItself_CountsBothWhileRollingAndOneForRecreate()
    {
        var resources = new PlanResources { MemoryMiB = 2048 };
        var mine = PromisedResources.Of(resources, 2);
        var machine = Machine() with { MemoryPromisedBytes = mine.MemoryBytes };

        Assert.Contains("side by side", Assert.Single(Schedulability.Check(resources, 2, Rolling, machine, mine).Refusals), StringComparison.Ordinal);
        Assert.True(Schedulability.Check(resources, 2, Recreate, machine, mine).Fits);
    }

    [Fact]
    public void Check_FreeMemoryShort_IsAWarning()
    {
        var verdict = Schedulability.Check(new() { MemoryMiB = 1024 }, 1, Rolling, Machine() with { MemoryFreeBytes = GiB / 2 }, default);

        Assert.True(verdict.Fits);
        Assert.Equal(["needs 1 GiB of memory, only 512 MiB are free at the moment"], verdict.Warnings);
    }

    [Theory]
    [InlineData(Schedulability.LeastMemoryMiB, true)]
    [InlineData(Schedulability.LeastMemoryMiB - 1, false)]
    public void Check_LessThanAnEmptyRuntimeNeeds_IsRefused(int memoryMiB, bool fits) =>
        Assert.Equal(fits, Schedulability.Check(new() { MemoryMiB = memoryMiB }, 1, Rolling, Machine(), default).Fits);

    private static Node Machine() => new() { Name = "here", Architecture = "amd64", CpuCores = 2, MemoryBytes = 4 * GiB, MemoryFreeBytes = 4 * GiB };
}
