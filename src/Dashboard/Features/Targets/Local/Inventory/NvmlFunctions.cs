using System.Reflection;
using System.Runtime.InteropServices;

namespace Ops.Dashboard.Features.Targets.Local.Inventory;

/// <summary>
/// The functions of NVIDIA's management library that are used here (https://docs.nvidia.com/deploy/nvml-api/), each null
/// where the installed version lacks it. A table instead of DllImport, so that a missing function costs one figure and
/// tests can stand in for the library.
/// </summary>
internal sealed record NvmlFunctions
{
    public required NvmlCall Init { get; init; }

    public required NvmlCall Shutdown { get; init; }

    public required NvmlCount DeviceCount { get; init; }

    public required NvmlDeviceByIndex DeviceByIndex { get; init; }

    public NvmlText? DriverVersion { get; init; }

    public NvmlDeviceText? Name { get; init; }

    public NvmlDeviceText? Uuid { get; init; }

    public NvmlDeviceMemory? Memory { get; init; }

    public NvmlDeviceUtilization? Utilization { get; init; }

    public NvmlDeviceTemperature? Temperature { get; init; }

    public NvmlDeviceNumber? PowerMilliwatts { get; init; }

    public NvmlDeviceProcesses? ComputeProcesses { get; init; }

    /// <summary>Loads the library of the installed driver.</summary>
    /// <returns>Null where there is none, or one without the functions nothing works without.</returns>
    public static NvmlFunctions? TryLoad()
    {
        // By bare name: the system's own search path, where the driver puts it. On Windows System32 only, so that no
        // file beside the application can take its place.
        var (name, search) = OperatingSystem.IsWindows() ? ("nvml.dll", (DllImportSearchPath?)DllImportSearchPath.System32) : ("libnvidia-ml.so.1", null);
        if (!NativeLibrary.TryLoad(name, Assembly.GetExecutingAssembly(), search, out var library))
        {
            return null;
        }

        if (Find<NvmlCall>(library, "nvmlInit_v2") is not { } init
            || Find<NvmlCall>(library, "nvmlShutdown") is not { } shutdown
            || Find<NvmlCount>(library, "nvmlDeviceGetCount_v2") is not { } count
            || Find<NvmlDeviceByIndex>(library, "nvmlDeviceGetHandleByIndex_v2") is not { } byIndex)
        {
            NativeLibrary.Free(library);
            return null;
        }

        return new NvmlFunctions
        {
            Init = init,
            Shutdown = shutdown,
            DeviceCount = count,
            DeviceByIndex = byIndex,
            DriverVersion = Find<NvmlText>(library, "nvmlSystemGetDriverVersion"),
            Name = Find<NvmlDeviceText>(library, "nvmlDeviceGetName"),
            Uuid = Find<NvmlDeviceText>(library, "nvmlDeviceGetUUID"),
            Memory = Find<NvmlDeviceMemory>(library, "nvmlDeviceGetMemoryInfo"),
            Utilization = Find<NvmlDeviceUtilization>(library, "nvmlDeviceGetUtilizationRates"),
            Temperature = Find<NvmlDeviceTemperature>(library, "nvmlDeviceGetTemperature"),
            PowerMilliwatts = Find<NvmlDeviceNumber>(library, "nvmlDeviceGetPowerUsage"),
            ComputeProcesses = Find<NvmlDeviceProcesses>(library, "nvmlDeviceGetComputeRunningProcesses_v3"),
        };
    }

    private static T? Find<T>(nint library, string export)
        where T : Delegate =>
        NativeLibrary.TryGetExport(library, export, out var address) ? Marshal.GetDelegateForFunctionPointer<T>(address) : null;
}

/// <summary>nvmlMemory_t, the first version of the struct. In bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlMemory
{
    public ulong Total;
    public ulong Free;
    public ulong Used;
}

/// <summary>nvmlUtilization_t. In percent.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlUtilization
{
    public uint Gpu;
    public uint Memory;
}

/// <summary>nvmlProcessInfo_v2_t, which the _v3 functions fill.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlProcess
{
    public uint Pid;
    public ulong UsedGpuMemory;
    public uint GpuInstanceId;
    public uint ComputeInstanceId;
}

[UnmanagedFunctionPointer(CallingConvention.Cdecl)]
internal delegate int NvmlCall();

[UnmanagedFunctionPointer(CallingConvention.Cdecl)]
internal delegate int NvmlCount(out uint count);

[UnmanagedFunctionPointer(CallingConvention.Cdecl)]
internal delegate int NvmlText([Out] byte[] text, uint length);

[UnmanagedFunctionPointer(CallingConvention.Cdecl)]
internal delegate int NvmlDeviceByIndex(uint index, out nint device);

[UnmanagedFunctionPointer(CallingConvention.Cdecl)]
internal delegate int NvmlDeviceText(nint device, [Out] byte[] text, uint length);

[UnmanagedFunctionPointer(CallingConvention.Cdecl)]
internal delegate int NvmlDeviceMemory(nint device, out NvmlMemory memory);

[UnmanagedFunctionPointer(CallingConvention.Cdecl)]
internal delegate int NvmlDeviceUtilization(nint device, out NvmlUtilization utilization);

[UnmanagedFunctionPointer(CallingConvention.Cdecl)]
internal delegate int NvmlDeviceTemperature(nint device, uint sensor, out uint celsius);

[UnmanagedFunctionPointer(CallingConvention.Cdecl)]
internal delegate int NvmlDeviceNumber(nint device, out uint value);

[UnmanagedFunctionPointer(CallingConvention.Cdecl)]
internal delegate int NvmlDeviceProcesses(nint device, ref uint count, [In, Out] NvmlProcess[]? processes);
