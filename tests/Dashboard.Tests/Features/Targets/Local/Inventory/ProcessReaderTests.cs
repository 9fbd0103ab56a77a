using System.Diagnostics;
using Ops.Dashboard.Features.Targets.Local.Inventory;

namespace Ops.Dashboard.Tests.Features.Targets.Local.Inventory;

public sealed class ProcessReaderTests : IDisposable
{
    private readonly LinuxFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Theory]
    [InlineData("dotnet")]
    [InlineData("a (strange) 1 2 name)")]
    public void Read_Stat_TakesTheRightFields(string name)
    {
        fixture.Write("proc/77/stat", $"77 ({name}) S 1 77 77 0 -1 4194560 9 0 0 0 150 50 8 8 20 0 12 0 250 1000000 300 18446744073709551615 1 1\n");

        var figures = new ProcessReader(fixture.Root).Read(77)!;

        Assert.Equal((77, 2.0, 12), (figures.Pid, figures.CpuSeconds, figures.Threads));
        Assert.Equal(300L * Environment.SystemPageSize, figures.ResidentBytes);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_700_000_002).AddMilliseconds(500), figures.StartedAt);
    }

    [Theory]
    [InlineData("77 (gone) Z 1 77 77 0 -1 4194560 9 0 0 0 150 50 8 8 20 0 12 0 250 1000000 300 1")]
    [InlineData("77 (cut) S 1 77")]
    [InlineData("")]
    public void Read_EndedOrUnreadable_IsNull(string stat)
    {
        fixture.Write("proc/77/stat", stat);
        Assert.Null(new ProcessReader(fixture.Root).Read(77));
        Assert.Null(new ProcessReader(fixture.Root).Read(78));
    }

    [Fact]
    public void Read_ThisProcess_AgreesWithDotNetBothWays()
    {
        using var self = Process.GetCurrentProcess();
        var clock = Stopwatch.StartNew();
        while (clock.ElapsedMilliseconds < 100)
        {
            // Uses some processor time, so that the figure cannot be zero.
        }

        foreach (var figures in new[] { new ProcessReader().Read(self.Id)!, new ProcessReader(null).Read(self.Id)! })
        {
            self.Refresh();
            Assert.InRange(figures.CpuSeconds, 0.05, self.TotalProcessorTime.TotalSeconds + 0.1);
            Assert.InRange(figures.ResidentBytes, 10_000_000, self.WorkingSet64 * 2);
            Assert.InRange(figures.Threads, 2, 10_000);
            Assert.InRange((figures.StartedAt - self.StartTime.ToUniversalTime()).Duration(), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        }
    }

    [Fact]
    public void Read_NoSuchProcess_IsNull()
    {
        Assert.Null(new ProcessReader().Read(int.MaxValue));
        Assert.Null(new ProcessReader(null).Read(int.MaxValue));
    }

    [Fact]
    public void Read_Twice_GivesTheSameStart()
    {
        var reader = new ProcessReader();
        Assert.Equal(reader.Read(Environment.ProcessId)!.StartedAt, reader.Read(Environment.ProcessId)!.StartedAt);
    }
}
