using System.Text;

namespace Ops.Dashboard.Features.Targets.Local.Inventory;

/// <summary>Reads NVIDIA GPUs through the driver's management library.</summary>
internal sealed class NvmlReader : IGpuReader, IDisposable
{
    /// <summary>What is said where the library is absent.</summary>
    public const string NoLibrary = "No NVIDIA GPU library (libnvidia-ml) found on this machine";

    private const int Success = 0;
    private const int Uninitialized = 1;
    private const int InsufficientSize = 7;
    private const uint ChipSensor = 0;
    private const int TextBytes = 96;
    private const int MostProcesses = 4096;

    private readonly NvmlFunctions? nvml;
    private readonly Lock gate = new();
    private bool ready;
    private bool disposed;

    /// <summary>The library of this machine, where there is one.</summary>
    public NvmlReader()
        : this(NvmlFunctions.TryLoad())
    {
    }

    internal NvmlReader(NvmlFunctions? nvml) => this.nvml = nvml;

    /// <inheritdoc />
    public GpuReading Read()
    {
        if (nvml is null)
        {
            return new GpuReading([], NoLibrary);
        }

        lock (gate)
        {
            // Kept open between readings: opening takes long on machines with many cards.
            if (disposed)
            {
                return new GpuReading([], "The NVIDIA library has been closed");
            }

            if (!ready && nvml.Init() is not Success and var failure)
            {
                return new GpuReading([], $"The NVIDIA driver does not answer: {Explain(failure)}");
            }

            ready = true;
            return ReadAll(nvml);
        }
    }

    /// <summary>Closes the library.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (ready)
            {
                nvml?.Shutdown();
            }

            ready = false;
            disposed = true;
        }
    }

    private GpuReading ReadAll(NvmlFunctions library)
    {
        var counted = library.DeviceCount(out var count);
        if (counted != Success)
        {
            // After a driver upgrade the library has to be opened again.
            ready = counted != Uninitialized;
            return new GpuReading([], $"The NVIDIA driver does not tell how many GPUs there are: {Explain(counted)}");
        }

        var driver = Text((text, length) => library.DriverVersion?.Invoke(text, length));
        var gpus = new List<GpuInventory>();
        var notes = new List<string>();
        for (uint i = 0; i < count; i++)
        {
            if (library.DeviceByIndex(i, out var device) is not Success and var failure)
            {
                notes.Add($"GPU {i} does not answer: {Explain(failure)}");
                continue;
            }

            gpus.Add(ReadOne(library, (int)i, device, driver));
        }

        return new GpuReading(gpus, count == 0 ? "The NVIDIA driver is there but sees no GPU" : notes.Count > 0 ? string.Join("; ", notes) : null);
    }

    private static GpuInventory ReadOne(NvmlFunctions library, int index, nint device, string? driver)
    {
        var memory = default(NvmlMemory);
        var hasMemory = library.Memory?.Invoke(device, out memory) == Success;
        var utilization = default(NvmlUtilization);
        var hasUtilization = library.Utilization?.Invoke(device, out utilization) == Success;
        uint celsius = 0, milliwatts = 0;
        var hasTemperature = library.Temperature?.Invoke(device, ChipSensor, out celsius) == Success;
        var hasPower = library.PowerMilliwatts?.Invoke(device, out milliwatts) == Success;
        return new GpuInventory
        {
            Index = index,
            Name = Text((text, length) => library.Name?.Invoke(device, text, length)),
            Uuid = Text((text, length) => library.Uuid?.Invoke(device, text, length)),
            DriverVersion = driver,
            MemoryTotalBytes = hasMemory ? (long)memory.Total : null,
            MemoryUsedBytes = hasMemory ? (long)memory.Used : null,
            MemoryFreeBytes = hasMemory ? (long)memory.Free : null,
            UtilizationPercent = hasUtilization ? (int)utilization.Gpu : null,
            TemperatureCelsius = hasTemperature ? (int)celsius : null,
            PowerWatts = hasPower ? milliwatts / 1000.0 : null,
            Processes = Processes(library, device),
        };
    }

    private static IReadOnlyList<GpuProcess> Processes(NvmlFunctions library, nint device)
    {
        if (library.ComputeProcesses is not { } list)
        {
            return [];
        }

        // Processes come and go between asking for the number and for the list, hence the room to spare and the retries.
        uint room = 32;
        for (var attempt = 0; attempt < 4; attempt++)
        {
            var found = new NvmlProcess[room];
            var count = room;
            switch (list(device, ref count, found))
            {
                case Success:
                    return [.. found.Take((int)Math.Min(count, room)).Select(p => new GpuProcess((int)p.Pid, p.UsedGpuMemory <= long.MaxValue ? (long)p.UsedGpuMemory : null))];
                case InsufficientSize when count < MostProcesses:
                    room = count + 16;
                    break;
                default:
                    return [];
            }
        }

        return [];
    }

    private static string? Text(Func<byte[], uint, int?> call)
    {
        var text = new byte[TextBytes];
        if (call(text, TextBytes) != Success)
        {
            return null;
        }

        var end = Array.IndexOf(text, (byte)0);
        return Encoding.UTF8.GetString(text, 0, end < 0 ? text.Length : end);
    }

    // nvmlReturn_t of nvml.h; the ones a person can do something about.
    private static string Explain(int code) => code switch
    {
        1 => "the library is not initialized (error 1)",
        3 => "not supported (error 3)",
        4 => "no permission (error 4)",
        9 => "the driver is not loaded (error 9)",
        15 => "the GPU has fallen off the bus and needs a reset (error 15)",
        16 => "the GPU needs a reset (error 16)",
        18 => "driver and library have different versions; restart the machine (error 18)",
        _ => $"error {code}",
    };
}
