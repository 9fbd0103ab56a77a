using Ops.Runtime.Fetching;
using Ops.Runtime.Tests.Support;
using Ops.Testing;

namespace Ops.Runtime.Tests.Fetching;

public sealed class ProgressLogTests
{
    [Fact]
    public void Add_ManyTimesASecond_WritesALineASecondAtMost()
    {
        var (time, log) = (new ManualTime(), new RecordingLogger<ProgressLogTests>());
        var progress = new ProgressLog(10_000, time, log);
        for (var i = 0; i < 100; i++)
        {
            progress.Add(100, fetched: true);
            time.Advance(TimeSpan.FromSeconds(0.025));
        }

        progress.End();
        Assert.Equal(
            ["4100 of 10000 bytes are here, 4100 bytes per second", "8100 of 10000 bytes are here, 4000 bytes per second", "All files are here: 10000 bytes fetched in 2.5 s, 10000 bytes in all"],
            log.Entries.Select(e => e.Text));
    }

    [Fact]
    public void Add_WhatWasHereAlready_CountsForNoSpeed()
    {
        var (time, log) = (new ManualTime(), new RecordingLogger<ProgressLogTests>());
        var progress = new ProgressLog(10_000, time, log);
        progress.Add(5000, fetched: false);
        time.Advance(TimeSpan.FromSeconds(2));
        progress.Add(100, fetched: true);
        Assert.Equal("5100 of 10000 bytes are here, 50 bytes per second", Assert.Single(log.Entries).Text);
    }
}
