using System.Net.NetworkInformation;
using Ops.Dashboard.Features.Targets.Local.Inventory;

namespace Ops.Dashboard.Tests.Features.Targets.Local.Inventory;

public sealed class LocalMachineTests : IDisposable
{
    private const long Gib = 1024L * 1024 * 1024;
    private readonly LinuxFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public void Read_LinuxWithoutLimits_GivesTheWholeMachine()
    {
        var node = fixture.Machine().Read();

        Assert.Equal(("node-7", "Test OS 1 (first)", "6.1.0-test"), (node.HostName, node.OperatingSystem, node.Kernel));
        Assert.Equal(("Example CPU 9000", 4, 4.0), (node.Cpu.Model, node.Cpu.LogicalCores, node.Cpu.UsableCores));
        Assert.Equal((16_000_000L * 1024, 8_000_000L * 1024), (node.Memory.TotalBytes, node.Memory.AvailableBytes));
        Assert.Equal(new DiskInventory("/", "ext4", "/dev/vda1", 1000, 400), Assert.Single(node.Disks));
        Assert.Empty(node.Gpus);
        Assert.Equal("No NVIDIA GPU library (libnvidia-ml) found on this machine", node.GpuNote);
    }

    [Fact]
    public void Read_ContainerLimits_LowerCoresAndMemory()
    {
        const string Group = "sys/fs/cgroup/system.slice/ops.service";
        fixture.Write(Group + "/cpu.max", "150000 100000\n");
        fixture.Write(Group + "/cpu.stat", "usage_usec 5000000\nuser_usec 4000000\n");
        fixture.Write(Group + "/memory.max", (4 * Gib).ToString());
        fixture.Write(Group + "/memory.current", (3 * Gib).ToString());
        fixture.Write(Group + "/memory.stat", $"anon 1\ninactive_file {1 * Gib}\n");

        var node = fixture.Machine().Read();

        Assert.Equal((4, 1.5), (node.Cpu.LogicalCores, node.Cpu.UsableCores));
        Assert.Equal((4 * Gib, 2 * Gib), (node.Memory.TotalBytes, node.Memory.AvailableBytes));
    }

    [Fact]
    public void Read_LimitOfTheGroupAbove_CountsToo()
    {
        fixture.Write("sys/fs/cgroup/system.slice/ops.service/cpu.max", "max 100000");
        fixture.Write("sys/fs/cgroup/system.slice/ops.service/memory.max", "max");
        fixture.Write("sys/fs/cgroup/system.slice/cpu.max", "50000 100000");
        fixture.Write("sys/fs/cgroup/system.slice/memory.max", (2 * Gib).ToString());

        var node = fixture.Machine().Read();

        Assert.Equal(0.5, node.Cpu.UsableCores);
        Assert.Equal(2 * Gib, node.Memory.TotalBytes);
    }

    [Fact]
    public void Read_InsideAContainer_FindsItsOwnGroupAtTheMount()
    {
        fixture.Write("proc/self/cgroup", "0::/docker/abc\n");
        fixture.Write("proc/self/mountinfo", "31 23 0:28 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
        fixture.Write("sys/fs/cgroup/cpu.max", "200000 100000");
        Assert.Equal(2, fixture.Machine().Read().Cpu.UsableCores);
    }

    [Fact]
    public void Read_Affinity_LowersUsableCores()
    {
        fixture.Write("proc/self/status", "Cpus_allowed_list:\t0,2-3\n");
        Assert.Equal(3, fixture.Machine().Read().Cpu.UsableCores);
    }

    [Fact]
    public void Read_BusyCores_AreTheAverageSinceTheReadingBefore()
    {
        var machine = fixture.Machine();
        Assert.Null(machine.Read().Cpu.BusyCores);

        // 150 ticks of 10 ms in one second; idle and waiting for disks do not count.
        fixture.Write("proc/stat", "cpu  1100 0 550 9999 99 0 0 0 0 0\n");
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1.5, machine.Read().Cpu.BusyCores);

        fixture.Time.Advance(TimeSpan.FromMilliseconds(10));
        Assert.Equal(1.5, machine.Read().Cpu.BusyCores);

        fixture.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(0, machine.Read().Cpu.BusyCores);
    }

    [Fact]
    public void Read_BusyCoresInAContainer_AreItsOwn()
    {
        const string Group = "sys/fs/cgroup/system.slice/ops.service";
        fixture.Write(Group + "/cpu.max", "200000 100000");
        fixture.Write(Group + "/cpu.stat", "usage_usec 1000000\n");
        var machine = fixture.Machine();
        fixture.Write(Group + "/cpu.stat", "usage_usec 4000000\n");
        fixture.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1.5, machine.Read().Cpu.BusyCores);
    }

    [Fact]
    public void Read_ManyMounts_GivesEachDiskOnceAndNoPseudoFileSystem()
    {
        fixture.Write("proc/self/mountinfo", """
            1 0 0:40 / / rw - overlay overlay rw
            2 1 0:21 / /proc rw - proc proc rw
            3 1 0:22 / /dev/shm rw - tmpfs tmpfs rw
            4 1 8:1 /var/lib/docker/hosts /etc/hosts rw - ext4 /dev/sda1 rw
            5 1 8:1 / /mnt/my\040data rw master:1 propagate_from:2 - ext4 /dev/sda1 rw
            6 1 8:1 /sub /mnt/my\040data/again/and/again rw - ext4 /dev/sda1 rw
            7 1 0:50 /a /srv/a rw - btrfs /dev/sdb rw
            8 1 0:51 /b /srv/b rw - btrfs /dev/sdb rw
            9 1 0:60 / /net rw - nfs4 server:/export rw
            10 1 7:1 / /snap/core/1 ro - squashfs /dev/loop1 ro
            11 1 0:70 / /empty rw - fuse.none none rw
            garbage
            """);

        var disks = fixture.Machine(mount => mount switch
        {
            "/etc/hosts" => null,
            "/empty" => (0, 0),
            _ => (100, 50),
        }).Read().Disks;

        Assert.Equal(["/", "/mnt/my data", "/net", "/srv/a"], disks.Select(d => d.Mount));
    }

    [Fact]
    public void Read_NetworkCards_LeaveOutLoopbackAndUnknownFigures()
    {
        Card("lo", "772", "unknown", "00:00:00:00:00:00", null);
        Card("eth0", "1", "up", "02:00:00:00:00:01", "25000");
        Card("wg0", "65534", "unknown", "", "-1");
        fixture.Write("sys/class/net/eth0/device/vendor", "0x1af4");

        var cards = fixture.Machine().Read().NetworkCards;

        Assert.Equal(["eth0", "wg0"], cards.Select(c => c.Name));
        Assert.Equal(("up", "02:00:00:00:00:01", 25000L, true), (cards[0].State, cards[0].Mac, cards[0].SpeedMegabits, cards[0].IsPhysical));
        Assert.Equal((null, null, false), (cards[1].Mac, cards[1].SpeedMegabits, cards[1].IsPhysical));
    }

    [Fact]
    public void Read_ArmWithoutAName_NamesThePart()
    {
        fixture.Write("proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n");
        Assert.Equal("ARM Neoverse-N1", fixture.Machine().Read().Cpu.Model);
        fixture.Write("proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x48\nCPU part\t: 0xd01\n");
        Assert.Equal("ARM 0x48 0xd01", fixture.Machine().Read().Cpu.Model);
    }

    [Fact]
    public void Read_NothingToRead_StillAnswers()
    {
        Directory.Delete(fixture.Root, recursive: true);
        Directory.CreateDirectory(fixture.Root);

        var node = fixture.Machine().Read();

        Assert.NotEmpty(node.HostName);
        Assert.True(node.Cpu.LogicalCores > 0 && node.Memory.TotalBytes > 0);
        Assert.Null(node.Memory.AvailableBytes);
        Assert.Empty(node.Disks);
    }

    [Fact]
    public void Read_NotLinux_GivesWhatDotNetKnows()
    {
        var node = new LocalMachine(new FakeGpus(new GpuReading([], null)), TimeProvider.System, null, _ => (100, 50)).Read();
        Assert.Equal(Environment.ProcessorCount, node.Cpu.LogicalCores);
        Assert.True(node.Memory.TotalBytes > 0);
        Assert.NotEmpty(node.OperatingSystem);
        Assert.Null(node.Cpu.BusyCores);
    }

    [Fact]
    public async Task Read_ThisMachine_IsPlausible()
    {
        using var gpus = new NvmlReader();
        var machine = new LocalMachine(gpus, TimeProvider.System);
        await Task.Delay(TimeSpan.FromMilliseconds(400), TestContext.Current.CancellationToken);
        var node = machine.Read();

        Assert.Equal(Environment.MachineName, node.HostName);
        Assert.InRange(node.Cpu.LogicalCores, Environment.ProcessorCount, 4096);
        Assert.InRange(node.Cpu.UsableCores, 0.01, node.Cpu.LogicalCores);
        Assert.InRange(node.Memory.TotalBytes, 256L * 1024 * 1024, long.MaxValue);
        Assert.NotEmpty(node.Disks);
        Assert.All(node.Disks, d => Assert.InRange(d.FreeBytes, 0, d.TotalBytes));
        Assert.Equal(node.Disks.Count, node.Disks.Select(d => d.Mount).Distinct().Count());
        Assert.DoesNotContain(node.NetworkCards, c => c.Name == "lo");
        var known = NetworkInterface.GetAllNetworkInterfaces().Select(c => c.Name).ToHashSet();
        Assert.All(node.NetworkCards, c => Assert.Contains(c.Name, known));
        Assert.True(node.Gpus.Count > 0 || node.GpuNote is not null);
        if (OperatingSystem.IsLinux())
        {
            Assert.InRange(node.Memory.AvailableBytes!.Value, 1, node.Memory.TotalBytes);
            Assert.InRange(node.Cpu.BusyCores!.Value, 0, node.Cpu.LogicalCores * 1.2);
        }
    }

    private void Card(string name, string type, string state, string mac, string? speed)
    {
        var folder = "sys/class/net/" + name;
        fixture.Write(folder + "/type", type + "\n");
        fixture.Write(folder + "/operstate", state + "\n");
        fixture.Write(folder + "/address", mac + "\n");
        if (speed is not null)
        {
            fixture.Write(folder + "/speed", speed + "\n");
        }
    }
}
