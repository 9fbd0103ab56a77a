using System.Runtime.InteropServices;
using System.Text;
using Ops.Dashboard.Features.Targets.Local.Inventory;

namespace Ops.Dashboard.Tests.Features.Targets.Local.Inventory;

/// <summary>
/// The mapping of the library's answers, against a table of stand-ins. Only a machine with an NVIDIA driver can show
/// that the real library is called rightly.
/// </summary>
public sealed class NvmlReaderTests
{
    private const int Success = 0;
    private const int NotSupported = 3;
    private int opened;
    private int closed;

    [Fact]
    public void Read_EverythingAnswers_GivesEveryFigure()
    {
        using var reader = new NvmlReader(Table());
        var reading = reader.Read();

        Assert.Null(reading.Note);
        Assert.Equal([0, 1], reading.Gpus.Select(g => g.Index));
        var gpu = reading.Gpus[1];
        Assert.Equal(("Example GPU", "GPU-1", "555.1"), (gpu.Name, gpu.Uuid, gpu.DriverVersion));
        Assert.Equal((100L, 40L, 60L), (gpu.MemoryTotalBytes, gpu.MemoryUsedBytes, gpu.MemoryFreeBytes));
        Assert.Equal((77, 55, 123.4), (gpu.UtilizationPercent, gpu.TemperatureCelsius, gpu.PowerWatts));
        Assert.Equal([new GpuProcess(4242, 1024), new GpuProcess(4243, null)], gpu.Processes);
    }

    [Fact]
    public void Read_FunctionsMissingOrRefused_LoseOnlyTheirFigure()
    {
        using var reader = new NvmlReader(Table() with
        {
            DriverVersion = null,
            Uuid = null,
            Memory = (nint _, out NvmlMemory memory) => Fails(out memory),
            Utilization = (nint _, out NvmlUtilization utilization) => Fails(out utilization),
            Temperature = null,
            ComputeProcesses = (nint _, ref uint _, NvmlProcess[]? _) => NotSupported,
        });
        var gpu = reader.Read().Gpus[0];

        Assert.Equal("Example GPU", gpu.Name);
        Assert.Equal(123.4, gpu.PowerWatts);
        Assert.Null(gpu.Uuid);
        Assert.Null(gpu.DriverVersion);
        Assert.Null(gpu.MemoryTotalBytes);
        Assert.Null(gpu.UtilizationPercent);
        Assert.Null(gpu.TemperatureCelsius);
        Assert.Empty(gpu.Processes);
    }

    [Fact]
    public void Read_OneGpuLost_GivesTheOthersAndSaysSo()
    {
        using var reader = new NvmlReader(Table() with
        {
            DeviceByIndex = (uint index, out nint device) =>
            {
                device = (nint)index;
                return index == 0 ? 15 : Success;
            },
        });
        var reading = reader.Read();
        Assert.Equal(1, Assert.Single(reading.Gpus).Index);
        Assert.Contains("GPU 0 does not answer", reading.Note, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_DriverNotLoaded_SaysSoAndTriesAgain()
    {
        var loaded = false;
        using var reader = new NvmlReader(Table() with { Init = () => loaded ? Success : 9 });
        Assert.Contains("driver is not loaded", reader.Read().Note, StringComparison.Ordinal);
        loaded = true;
        Assert.Equal(2, reader.Read().Gpus.Count);
    }

    [Fact]
    public void Read_LibraryClosedUnderneath_IsOpenedAgain()
    {
        var broken = true;
        using var reader = new NvmlReader(Table() with
        {
            DeviceCount = (out uint count) =>
            {
                count = 2;
                return broken ? 1 : Success;
            },
        });
        Assert.NotNull(reader.Read().Note);
        broken = false;
        Assert.Equal(2, reader.Read().Gpus.Count);
        Assert.Equal(2, opened);
    }

    [Fact]
    public void Read_ManyTimes_OpensOnceAndDisposeClosesOnce()
    {
        var reader = new NvmlReader(Table());
        reader.Read();
        reader.Read();
        reader.Dispose();
        reader.Dispose();
        Assert.Equal((1, 1), (opened, closed));
        Assert.Empty(reader.Read().Gpus);
        Assert.Equal(1, opened);
    }

    [Fact]
    public void Read_MoreProcessesThanExpected_AsksAgainWithMoreRoom()
    {
        using var reader = new NvmlReader(Table() with
        {
            ComputeProcesses = (nint _, ref uint count, NvmlProcess[]? processes) =>
            {
                var room = count;
                count = 100;
                for (var i = 0; i < 100 && room >= 100; i++)
                {
                    processes![i] = new NvmlProcess { Pid = (uint)i };
                }

                return room >= 100 ? Success : 7;
            },
        });
        Assert.Equal(100, reader.Read().Gpus[0].Processes.Count);
    }

    [Fact]
    public void Read_NoLibrary_SaysSo() => Assert.Equal(new GpuReading([], NvmlReader.NoLibrary).Note, new NvmlReader(null).Read().Note);

    [Fact]
    public void Structs_HaveTheSizesOfTheHeader()
    {
        Assert.Equal(24, Marshal.SizeOf<NvmlMemory>());
        Assert.Equal(8, Marshal.SizeOf<NvmlUtilization>());
        Assert.Equal(24, Marshal.SizeOf<NvmlProcess>());
        Assert.Equal(8, (int)Marshal.OffsetOf<NvmlProcess>(nameof(NvmlProcess.UsedGpuMemory)));
    }

    private NvmlFunctions Table() => new()
    {
        Init = () =>
        {
            opened++;
            return Success;
        },
        Shutdown = () =>
        {
            closed++;
            return Success;
        },
        DeviceCount = (out uint count) =>
        {
            count = 2;
            return Success;
        },
        DeviceByIndex = (uint index, out nint device) =>
        {
            device = (nint)index;
            return Success;
        },
        DriverVersion = (text, _) => Put(text, "555.1"),
        Name = (_, text, _) => Put(text, "Example GPU"),
        Uuid = (device, text, _) => Put(text, $"GPU-{device}"),
        Memory = (nint _, out NvmlMemory memory) =>
        {
            memory = new NvmlMemory { Total = 100, Free = 60, Used = 40 };
            return Success;
        },
        Utilization = (nint _, out NvmlUtilization utilization) =>
        {
            utilization = new NvmlUtilization { Gpu = 77, Memory = 5 };
            return Success;
        },
        Temperature = (nint _, uint sensor, out uint celsius) =>
        {
            celsius = 55 + sensor;
            return Success;
        },
        PowerMilliwatts = (nint _, out uint milliwatts) =>
        {
            milliwatts = 123_400;
            return Success;
        },
        ComputeProcesses = (nint _, ref uint count, NvmlProcess[]? processes) =>
        {
            count = 2;
            processes![0] = new NvmlProcess { Pid = 4242, UsedGpuMemory = 1024 };
            processes[1] = new NvmlProcess { Pid = 4243, UsedGpuMemory = ulong.MaxValue };
            return Success;
        },
    };

    private static int Put(byte[] into, string text)
    {
        Encoding.UTF8.GetBytes(text, into);
        return Success;
    }

    private static int Fails<T>(out T value)
        where T : struct
    {
        value = default;
        return NotSupported;
    }
}
