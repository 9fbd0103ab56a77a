using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Ops.Runtime.Monitoring;

/// <summary>Reads NVIDIA GPUs through the driver's management library (https://docs.nvidia.com/deploy/nvml-api/). A function
/// that the installed version lacks costs one figure. The library stays open: opening takes long on machines with many cards.</summary>
internal sealed unsafe class NvmlReader : IGpuReader
{
    private const int Success = 0;
    private const int Uninitialized = 1;
    private const uint ChipSensor = 0;
    private const int TextBytes = 96;

    private readonly Lock gate = new();
    private readonly Lazy<nint> library = new(Load);
    private bool ready;

    public IReadOnlyList<GpuSample> Read()
    {
        lock (gate)
        {
            if (library.Value == 0 || !Open())
            {
                return [];
            }

            uint count = 0;
            var counted = ((delegate* unmanaged[Cdecl]<uint*, int>)Find("nvmlDeviceGetCount_v2"))(&count);
            // After a driver upgrade the library has to be opened again.
            ready = counted != Uninitialized;
            var driver = Find("nvmlSystemGetDriverVersion") is var call and not 0
                ? Text((text, length) => ((delegate* unmanaged[Cdecl]<byte*, uint, int>)call)((byte*)text, length))
                : null;
            var gpus = new List<GpuSample>();
            for (uint i = 0; counted == Success && i < count; i++)
            {
                nint device = 0;
                if (((delegate* unmanaged[Cdecl]<uint, nint*, int>)Find("nvmlDeviceGetHandleByIndex_v2"))(i, &device) == Success)
                {
                    gpus.Add(ReadOne((int)i, device, driver));
                }
            }

            return gpus;
        }
    }

    private static nint Load()
    {
        // By bare name: the system's own search path, where the driver puts it. On Windows System32 only, so that no file
        // beside the application can take its place.
        var (name, search) = OperatingSystem.IsWindows() ? ("nvml.dll", (DllImportSearchPath?)DllImportSearchPath.System32) : ("libnvidia-ml.so.1", null);
        return NativeLibrary.TryLoad(name, Assembly.GetExecutingAssembly(), search, out var loaded) ? loaded : 0;
    }

    private bool Open()
    {
        if (!ready && Find("nvmlInit_v2") is var init and not 0 && Find("nvmlDeviceGetCount_v2") != 0 && Find("nvmlDeviceGetHandleByIndex_v2") != 0)
        {
            ready = ((delegate* unmanaged[Cdecl]<int>)init)() == Success;
        }

        return ready;
    }

    private GpuSample ReadOne(int index, nint device, string? driver)
    {
        var memory = Get<NvmlMemory>("nvmlDeviceGetMemoryInfo", device);
        var utilization = Get<NvmlUtilization>("nvmlDeviceGetUtilizationRates", device);
        return new GpuSample(
            index,
            DeviceText("nvmlDeviceGetUUID", device),
            DeviceText("nvmlDeviceGetName", device),
            driver,
            utilization?.Gpu,
            utilization?.Memory,
            memory?.Total,
            memory?.Used,
            Temperature(device),
            Get<uint>("nvmlDeviceGetPowerUsage", device) / 1000.0);
    }

    private T? Get<T>(string function, nint device) where T : unmanaged
    {
        T value = default;
        return Find(function) is var call and not 0 && ((delegate* unmanaged[Cdecl]<nint, void*, int>)call)(device, Unsafe.AsPointer(ref value)) == Success ? value : null;
    }

    private double? Temperature(nint device)
    {
        uint celsius = 0;
        return Find("nvmlDeviceGetTemperature") is var call and not 0 && ((delegate* unmanaged[Cdecl]<nint, uint, uint*, int>)call)(device, ChipSensor, &celsius) == Success
            ? celsius
            : null;
    }

    private string? DeviceText(string function, nint device) => Find(function) is var call and not 0
        ? Text((text, length) => ((delegate* unmanaged[Cdecl]<nint, byte*, uint, int>)call)(device, (byte*)text, length))
        : null;

    private static string? Text(Func<nint, uint, int> call)
    {
        var text = stackalloc byte[TextBytes];
        return call((nint)text, TextBytes) == Success ? Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text)) : null;
    }

    private nint Find(string function) => NativeLibrary.TryGetExport(library.Value, function, out var address) ? address : 0;

    [StructLayout(LayoutKind.Sequential)]
    private struct NvmlMemory
    {
        public ulong Total;
        public ulong Free;
        public ulong Used;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct NvmlUtilization
    {
        public uint Gpu;
        public uint Memory;
    }
}
