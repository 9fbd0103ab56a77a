using Ops.Dashboard.Features.Targets.Local.Inventory;

namespace Ops.Dashboard.Tests.Features.Targets.Local.Inventory;

/// <summary>A folder that describes a Linux machine as /proc and /sys do.</summary>
internal sealed class LinuxFixture : IDisposable
{
    public LinuxFixture()
    {
        Root = Directory.CreateTempSubdirectory("ops-inventory-").FullName;
        Write("proc/cpuinfo", "processor\t: 0\nmodel name\t: Example CPU 9000\n\nprocessor\t: 1\nmodel name\t: Example CPU 9000\n\nprocessor\t: 2\n\nprocessor\t: 3\n");
        Write("proc/meminfo", "MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:    8000000 kB\n");
        Write("proc/stat", "cpu  1000 0 500 9000 10 0 0 0 0 0\nbtime 1700000000\n");
        Write("proc/sys/kernel/hostname", "node-7\n");
        Write("proc/sys/kernel/osrelease", "6.1.0-test\n");
        Write("proc/self/status", "Name:\tdotnet\nCpus_allowed_list:\t0-3\n");
        Write("proc/self/cgroup", "0::/system.slice/ops.service\n");
        Write("proc/self/mountinfo", "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        Write("etc/os-release", "NAME=\"Test\"\nPRETTY_NAME=\"Test OS 1 (first)\"\n");
    }

    public string Root { get; }

    public FixedTime Time { get; } = new();

    public void Write(string path, string content)
    {
        var full = Path.Join(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, content);
    }

    public LocalMachine Machine(Func<string, (long Total, long Free)?>? space = null, IGpuReader? gpus = null) =>
        new(gpus ?? new FakeGpus(new GpuReading([], NvmlReader.NoLibrary)), Time, Root, space ?? (_ => (1000, 400)));

    public void Dispose() => Directory.Delete(Root, recursive: true);
}

/// <summary>A clock that stands still until it is told to go on.</summary>
internal sealed class FixedTime : TimeProvider
{
    private TimeSpan since;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Advance(TimeSpan by) => since += by;

    public override long GetTimestamp() => since.Ticks;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + since;
}

internal sealed class FakeGpus(GpuReading reading) : IGpuReader
{
    public GpuReading Read() => reading;
}
