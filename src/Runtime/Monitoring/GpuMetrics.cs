using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;

namespace Ops.Runtime.Monitoring;

/// <summary>One reading of one GPU; null is what the driver does not tell.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Uuid">Its identity.</param>
/// <param name="Name">The product.</param>
/// <param name="DriverVersion">Version of the driver.</param>
/// <param name="UtilizationPercent">Time with work, 0 to 100.</param>
/// <param name="MemoryCopyPercent">Time with transfers, 0 to 100.</param>
/// <param name="MemoryTotalBytes">All memory.</param>
/// <param name="MemoryUsedBytes">Memory in use, of all processes.</param>
/// <param name="TemperatureCelsius">Of the chip.</param>
/// <param name="PowerWatts">Draw now.</param>
internal sealed record GpuSample(
    int Index,
    string? Uuid,
    string? Name,
    string? DriverVersion,
    double? UtilizationPercent,
    double? MemoryCopyPercent,
    double? MemoryTotalBytes,
    double? MemoryUsedBytes,
    double? TemperatureCelsius,
    double? PowerWatts);

/// <summary>Reads the GPUs of this machine.</summary>
internal interface IGpuReader
{
    /// <summary>All GPUs that this process sees; none where there is no driver.</summary>
    IReadOnlyList<GpuSample> Read();
}

/// <summary>Figures of the GPUs, under the names of NVIDIA's DCGM exporter and of Triton. Only processes that are to run on a
/// GPU have them: on a machine with many CPU endpoints each would count the same cards again.</summary>
internal sealed class GpuMetrics(IGpuReader reader, IOptions<RuntimeOptions> options)
{
    private const double MiB = 1024 * 1024;

    private readonly bool uses = options.Value.Models.Any(m => ExecutionSettings.Of(options.Value, m).Providers.Count > 0);

    /// <summary>The GPUs, when this process is to run on one.</summary>
    public IReadOnlyList<GpuSample> Read() => uses ? reader.Read() : [];

    public static void Write(ExpositionWriter writer, IReadOnlyList<GpuSample> gpus)
    {
        Each("DCGM_FI_DEV_GPU_UTIL", "GPU utilization (in %).", Dcgm, g => g.UtilizationPercent);
        Each("DCGM_FI_DEV_MEM_COPY_UTIL", "Memory utilization (in %).", Dcgm, g => g.MemoryCopyPercent);
        Each("DCGM_FI_DEV_FB_USED", "Framebuffer memory used (in MiB).", Dcgm, g => g.MemoryUsedBytes / MiB);
        Each("DCGM_FI_DEV_FB_FREE", "Framebuffer memory free (in MiB).", Dcgm, g => (g.MemoryTotalBytes - g.MemoryUsedBytes) / MiB);
        Each("DCGM_FI_DEV_GPU_TEMP", "GPU temperature (in C).", Dcgm, g => g.TemperatureCelsius);
        Each("DCGM_FI_DEV_POWER_USAGE", "Power draw (in W).", Dcgm, g => g.PowerWatts);
        Each("nv_gpu_utilization", "GPU utilization rate [0.0 - 1.0).", Triton, g => g.UtilizationPercent / 100);
        Each("nv_gpu_memory_total_bytes", "GPU total memory, in bytes.", Triton, g => g.MemoryTotalBytes);
        Each("nv_gpu_memory_used_bytes", "GPU used memory, in bytes.", Triton, g => g.MemoryUsedBytes);

        void Each(string name, string help, Func<GpuSample, (string, string)[]> labels, Func<GpuSample, double?> value)
        {
            if (!gpus.Any(g => value(g) is not null))
            {
                return;
            }

            writer.Family(name, "gauge", help);
            foreach (var gpu in gpus)
            {
                if (value(gpu) is { } known)
                {
                    writer.Sample(name, known, labels(gpu));
                }
            }
        }
    }

    private static (string, string)[] Dcgm(GpuSample gpu) => [("gpu", gpu.Index.ToString()), ("UUID", gpu.Uuid ?? string.Empty), ("modelName", gpu.Name ?? string.Empty)];

    private static (string, string)[] Triton(GpuSample gpu) => [("gpu_uuid", gpu.Uuid ?? string.Empty)];
}
